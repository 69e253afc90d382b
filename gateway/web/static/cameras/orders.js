/** Work orders: what has to be mended, by whom and until when; taken, done, and verified by the next check. */

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ask } from "../api.js";
import { place, t, texts, word } from "../i18n.js";
import { assign, formOf, openAssign } from "./assign.js";
import { said } from "./detail.js";
import { COLON, COMMA, named, sign } from "./signs.js";
import { ageOf, moment } from "./times.js";

/** @typedef {import("./desk.js").CamerasDesk} Page */

export function orders(/** @type {Page} */ page) {
  const some = page.orders;
  return html`<section class="sheet" aria-labelledby="h-orders">
    <h2 id="h-orders" tabindex="-1">${t("Work orders")}${some ? ` (${some.length})` : nothing}</h2>
    ${some === null
      ? html`<p class="quiet" role="status">${t("One moment: the list is being opened.")}</p>`
      : some.length
        ? html`<ul class="orders">${repeat(some, (one) => one.id, (one) => orderCard(page, one, true))}</ul>`
        : html`<p class="empty">${t("No work order is open. A finding that lasts makes one by itself; it appears here with its picture and until when it has to be done.")}</p>`}
    ${page.may("work_orders", "close_alarms") ? byHand(page) : nothing}
    ${past(page)}
  </section>`;
}

/** @param {Page} page @param {any} one @param {boolean} withName */
export function orderCard(page, one, withName) {
  const camera = page.camera(one.subject);
  const name = camera ? named(camera.name, texts.language) : one.subject;
  const over = ["verified", "cancelled"].includes(one.state);
  return html`<li class="order" data-state=${one.state} data-overdue=${one.overdue}>
    <p class="who">
      ${over ? nothing : sign("faulty", one.priority)}
      ${withName && camera ? html`<a href=${page.href("cameras", one.subject)}><b>${name}</b></a>` : html`<b>${name}</b>`}
      <span class="stage" data-state=${one.state}>${word("work_order", one.state)}${one.reopened ? ` · ${t("not mended {count} times", { count: one.reopened })}` : nothing}</span>
    </p>
    ${one.findings.length ? html`<p>${one.findings.map((/** @type {string} */ name) => word("camera_finding", name)).join(COMMA)}</p>` : nothing}
    ${one.note ? html`<p class="typed">${one.note}</p>` : nothing}
    <p class="quiet">
      ${camera ? `${place(camera.zone)} · ` : nothing}${over
        ? t("ended {time}", { time: moment(one.ended_at) })
        : html`<span class=${one.overdue ? "late" : ""}>${one.overdue ? html`<span aria-hidden="true">◆</span> ${t("overdue since {time}", { time: moment(one.due_at) })}` : t("until {time}", { time: moment(one.due_at) })}</span>`}
      · ${t("made {age}", { age: ageOf(page.now - Date.parse(one.opened_at)) })}${one.by ? ` · ${one.by}` : nothing}
      · ${one.assignee ? t("does it: {name}", { name: one.mine ? t("I") : one.assignee }) : t("nobody has taken it")}
    </p>
    ${one.done_at
      ? html`<p class="quiet">${t("done {time}", { time: moment(one.done_at) })}${one.done_by ? ` · ${one.done_by}` : nothing}${one.done ? `${COLON}${one.done}` : nothing}</p>`
      : nothing}
    ${one.state === "done" ? html`<p><span aria-hidden="true">◇</span> ${t("The next check that finds nothing verifies it.")}</p>` : nothing}
    ${one.state === "open" ? acts(page, one, name) : nothing}
    ${said(page, one.id)}
  </li>`;
}

function acts(/** @type {Page} */ page, /** @type {any} */ one, /** @type {string} */ name) {
  const typed = page.forms[one.id];
  if (typed) return form(page, one, name, typed.what ?? "");
  if (page.forms[formOf(one)]) return assign(page, one, name);
  const mine = page.may("work_orders");
  const standing = (page.camera(one.subject)?.findings.length ?? 0) > 0;
  const cancel = `cancel ${one.id}`;
  return html`<div class="acts">
    ${mine && !one.mine
      ? html`<button type="button" aria-busy=${page.busy === one.id} @click=${() => void take(page, one)}>${t("I take it")}<span class="sr">: ${name}</span></button>`
      : nothing}
    ${mine ? html`<button type="button" class="main" @click=${() => page.fill(one.id, { what: "" })}>${t("Done …")}<span class="sr">: ${name}</span></button>` : nothing}
    ${page.may("work_orders", "close_alarms")
      ? html`<button type="button" @click=${() => openAssign(page, one)}>${t("Who and until when …")}<span class="sr">: ${name}</span></button>`
      : nothing}
    ${!standing && page.may("work_orders", "close_alarms")
      ? html`<button type="button" aria-busy=${page.busy === cancel} @click=${() => void drop(page, one, cancel)}>
          ${page.sure === cancel ? t("Touch again: it will not be done") : html`${t("Cancel the order")}<span class="sr">: ${name}</span>`}
        </button>`
      : nothing}
  </div>`;
}

/** What was done: one line, kept if the gateway does not take it. */
function form(/** @type {Page} */ page, /** @type {any} */ one, /** @type {string} */ name, /** @type {string} */ what) {
  const field = `what-${one.id}`;
  const error = page.errors.what ?? "";
  return html`<form novalidate @submit=${(/** @type {Event} */ event) => void finish(page, one, event)}>
    <label for=${field}>${t("What was done")}<span class="sr">: ${name}</span></label>
    <p class="hint" id=${`h-${field}`}>${t("About the camera, not about people: lens cleaned, cable replaced …")}</p>
    <input id=${field} maxlength="200" autocomplete="off" aria-describedby=${`h-${field} e-${field}`} aria-invalid=${error ? "true" : nothing} .value=${what}
      @input=${(/** @type {Event} */ event) => page.fill(one.id, { what: /** @type {HTMLInputElement} */ (event.target).value })} />
    <p class="error" id=${`e-${field}`} role="alert">${error ? html`<span aria-hidden="true">◆</span> ${error}` : nothing}</p>
    <div class="acts">
      <button type="button" @click=${() => page.forget(one.id)}>${t("Back")}</button>
      <button type="submit" class="main" aria-busy=${page.busy === one.id}>${t("It is done")}</button>
    </div>
  </form>`;
}

async function take(/** @type {Page} */ page, /** @type {any} */ one) {
  await page.during(one.id, async () => {
    await ask("POST", `work-orders/${one.id}/take`);
    return t("You have it.");
  });
  await page.loadOrders();
}

async function finish(/** @type {Page} */ page, /** @type {any} */ one, /** @type {Event} */ event) {
  event.preventDefault();
  const what = String(page.forms[one.id]?.what ?? "").trim();
  if (!what) {
    page.errors = { what: t("Say what was done.") };
    page.requestUpdate();
    await page.toTheWrong();
    return;
  }
  const done = await page.during(
    one.id,
    async () => {
      await ask("POST", `work-orders/${one.id}/done`, { what });
      return t("Done. The next check has to show it.");
    },
    { what: t("Say what was done.") },
  );
  if (done) page.forget(one.id);
  await page.loadOrders();
}

async function drop(/** @type {Page} */ page, /** @type {any} */ one, /** @type {string} */ where) {
  if (!page.isSure(where)) return;
  await page.during(one.id, async () => {
    await ask("POST", `work-orders/${one.id}/cancel`, { why: t("not needed") });
    return t("Cancelled.");
  });
  await page.loadOrders();
}

/** An order that somebody makes by hand. */
function byHand(/** @type {Page} */ page) {
  const typed = page.forms.order;
  if (!typed) {
    return html`<div class="acts"><button type="button" @click=${() => page.fill("order", { subject: page.chosen, note: "" })}><span aria-hidden="true">+</span> ${t("New work order")}</button></div>
      ${said(page, "order")}`;
  }
  return html`<form novalidate class="byhand" @submit=${(/** @type {Event} */ event) => void make(page, event)}>
    <h3>${t("New work order")}</h3>
    <div class="field">
      <label for="f-subject">${t("Camera")}</label>
      <select id="f-subject" aria-invalid=${page.errors.subject ? "true" : nothing} aria-describedby="e-subject" @change=${(/** @type {Event} */ event) => page.fill("order", { subject: /** @type {HTMLSelectElement} */ (event.target).value })}>
        <option value="" ?selected=${!typed.subject}>${t("choose …")}</option>
        ${page.byName.map((one) => html`<option value=${one.id} ?selected=${typed.subject === one.id}>${named(one.name, texts.language)}</option>`)}
      </select>
      <p class="error" id="e-subject" role="alert">${page.errors.subject ?? nothing}</p>
    </div>
    <div class="field">
      <label for="f-what">${t("What is to be done")}</label>
      <input id="f-what" maxlength="200" autocomplete="off" aria-invalid=${page.errors.note ? "true" : nothing} aria-describedby="e-what" .value=${typed.note}
        @input=${(/** @type {Event} */ event) => page.fill("order", { note: /** @type {HTMLInputElement} */ (event.target).value })} />
      <p class="error" id="e-what" role="alert">${page.errors.note ?? nothing}</p>
    </div>
    ${said(page, "order")}
    <div class="acts">
      <button type="button" @click=${() => page.forget("order")}>${t("Back")}</button>
      <button type="submit" class="main" aria-busy=${page.busy === "order"}>${t("Make the order")}</button>
    </div>
  </form>`;
}

async function make(/** @type {Page} */ page, /** @type {Event} */ event) {
  event.preventDefault();
  const { subject = "", note = "" } = page.forms.order ?? {};
  page.errors = { ...(subject ? {} : { subject: t("Choose a camera.") }), ...(note.trim() ? {} : { note: t("Say what is to be done.") }) };
  if (Object.keys(page.errors).length) {
    page.requestUpdate();
    await page.toTheWrong();
    return;
  }
  const done = await page.during("order", async () => {
    try {
      await ask("POST", "work-orders", { subject, note: note.trim() });
    } catch (problem) {
      if (/** @type {{detail?: string}} */ (problem).detail?.startsWith("order_open")) throw new Error(t("There is an open order for this camera already."));
      throw problem;
    }
    return t("The order is made.");
  });
  if (done) page.forget("order");
  await page.loadOrders();
}

/** Those that are over, on demand. */
function past(/** @type {Page} */ page) {
  const { pastOrders: some } = page;
  return html`<details class="past" @toggle=${(/** @type {Event} */ event) => /** @type {HTMLDetailsElement} */ (event.target).open && void page.loadPast()}>
    <summary>${t("Over")}</summary>
    ${some === null
      ? html`<p class="quiet">${t("One moment: the list is being opened.")}</p>`
      : some.length
        ? html`<ul class="orders">${repeat(some, (one) => one.id, (one) => orderCard(page, one, true))}</ul>`
        : html`<p class="quiet">${t("None yet.")}</p>`}
  </details>`;
}
