/** Who does a work order, and until when: said by the control room or the maintenance. */

import { html, nothing } from "lit";
import { ask } from "../api.js";
import { t } from "../i18n.js";
import { fromField, toField } from "../slips/times.js";

/** @typedef {import("./desk.js").CamerasDesk} Page */

/** The name of the form in which one order is given to somebody. */
export function formOf(/** @type {any} */ one) {
  return `assign ${one.id}`;
}

export function openAssign(/** @type {Page} */ page, /** @type {any} */ one) {
  page.fill(formOf(one), { assignee: one.assignee ?? "", due: toField(Date.parse(one.due_at)), before: toField(Date.parse(one.due_at)) });
  if (page.workers === null) void page.loadWorkers();
}

export function assign(/** @type {Page} */ page, /** @type {any} */ one, /** @type {string} */ name) {
  const typed = page.forms[formOf(one)];
  const { due_at: wrongDue, assignee: wrongName } = page.errors;
  const names = [...new Set([...(page.workers ?? []), ...(one.assignee ? [one.assignee] : [])])];
  return html`<form novalidate @submit=${(/** @type {Event} */ event) => void send(page, one, event)}>
    <label for=${`who-${one.id}`}>${t("Who does it")}<span class="sr">: ${name}</span></label>
    <select id=${`who-${one.id}`} aria-describedby=${`e-who-${one.id}`} aria-invalid=${wrongName ? "true" : nothing} @change=${(/** @type {Event} */ event) => page.fill(formOf(one), { assignee: /** @type {HTMLSelectElement} */ (event.target).value })}>
      <option value="" ?selected=${!typed.assignee}>${t("whoever of the maintenance comes first")}</option>
      ${names.map((worker) => html`<option value=${worker} ?selected=${typed.assignee === worker}>${worker}</option>`)}
    </select>
    <p class="error" id=${`e-who-${one.id}`} role="alert">${wrongName ? html`<span aria-hidden="true">◆</span> ${wrongName}` : nothing}</p>
    <label for=${`due-${one.id}`}>${t("Until")}<span class="sr">: ${name}</span></label>
    <input id=${`due-${one.id}`} type="datetime-local" aria-describedby=${`e-due-${one.id}`} aria-invalid=${wrongDue ? "true" : nothing} .value=${typed.due}
      @input=${(/** @type {Event} */ event) => page.fill(formOf(one), { due: /** @type {HTMLInputElement} */ (event.target).value })} />
    <p class="error" id=${`e-due-${one.id}`} role="alert">${wrongDue ? html`<span aria-hidden="true">◆</span> ${wrongDue}` : nothing}</p>
    <div class="acts">
      <button type="button" @click=${() => page.forget(formOf(one))}>${t("Back")}</button>
      <button type="submit" class="main" aria-busy=${page.busy === one.id}>${t("Keep it")}</button>
    </div>
  </form>`;
}

async function send(/** @type {Page} */ page, /** @type {any} */ one, /** @type {Event} */ event) {
  event.preventDefault();
  const typed = page.forms[formOf(one)];
  const due = fromField(typed.due);
  const late = t("Choose a time that is still to come.");
  if (Number.isNaN(due) || (typed.due !== typed.before && due <= page.now)) {
    page.put({ errors: { due_at: late } });
    await page.toTheWrong();
    return;
  }
  const done = await page.during(
    one.id,
    async () => {
      const change = { ...(typed.assignee === (one.assignee ?? "") ? {} : { assignee: typed.assignee || null }), ...(typed.due === typed.before ? {} : { due_at: new Date(due).toISOString() }) };
      if (Object.keys(change).length) await ask("PATCH", `work-orders/${one.id}`, change);
      return t("Kept.");
    },
    { due_at: late, assignee: t("Nobody of that name does work orders any more. Choose somebody else.") },
  );
  if (done) page.forget(formOf(one));
  else await page.toTheWrong();
  await page.loadOrders();
}
