/** Announced work on cameras: meanwhile they are not looked at, and a missing recording alarms all the same. */

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ask } from "../api.js";
import { t, texts } from "../i18n.js";
import { fromField, said as saidTime, toField } from "../slips/times.js";
import { said } from "./detail.js";
import { COMMA, named } from "./signs.js";

/** @typedef {import("./desk.js").CamerasDesk} Page */

const HOUR_MS = 3_600_000;

export function maintenance(/** @type {Page} */ page) {
  const some = page.windows;
  return html`<section class="sheet" aria-labelledby="h-maintenance">
    <h2 id="h-maintenance" tabindex="-1">${t("Maintenance")}${some ? ` (${some.length})` : nothing}</h2>
    ${some === null
      ? html`<p class="quiet" role="status">${t("One moment: the list is being opened.")}</p>`
      : some.length
        ? html`<ul class="windows">${repeat(some, (one) => one.id, (one) => card(page, one))}</ul>`
        : html`<p class="empty">${t("No work is announced. Announced work keeps checks and alarms of these cameras quiet until it ends, a day at most.")}</p>`}
    ${page.may("work_orders") ? announce(page) : nothing}
  </section>`;
}

function namesOf(/** @type {Page} */ page, /** @type {string[]} */ ids) {
  const shown = ids.slice(0, 8).map((id) => {
    const camera = page.camera(id);
    return camera ? named(camera.name, texts.language) : id;
  });
  return shown.join(COMMA) + (ids.length > 8 ? ` … (${ids.length})` : "");
}

function card(/** @type {Page} */ page, /** @type {any} */ one) {
  const names = namesOf(page, one.cameras);
  return html`<li class="order" data-state=${one.under_way ? "under_way" : "ahead"}>
    <p class="who"><span class="sign" data-state="maintenance" aria-hidden="true">‖</span><b>${names}</b> <span class="stage">${one.under_way ? t("under way") : t("announced")}</span></p>
    ${one.reason ? html`<p class="typed">${one.reason}</p>` : nothing}
    <p class="quiet">${saidTime(one.starts_at)} – ${saidTime(one.ends_at)}${one.by ? ` · ${one.by}` : nothing}${one.relearn ? ` · ${t("learnt again afterwards")}` : nothing}</p>
    <div class="acts">
      ${one.under_way && page.may("work_orders")
        ? html`<button type="button" aria-busy=${page.busy === one.id} @click=${() => void renew(page, one)}>${t("One hour longer")}<span class="sr">: ${names}</span></button>`
        : nothing}
      ${page.may("work_orders", "close_alarms")
        ? html`<button type="button" class="main" aria-busy=${page.busy === one.id} @click=${() => void end(page, one)}>${one.under_way ? t("End it now") : t("Call it off")}<span class="sr">: ${names}</span></button>`
        : nothing}
    </div>
    ${said(page, one.id)}
  </li>`;
}

async function renew(/** @type {Page} */ page, /** @type {any} */ one) {
  await page.during(one.id, async () => {
    await ask("POST", `maintenance-windows/${one.id}/renew`, { ends_at: new Date(Date.parse(one.ends_at) + HOUR_MS).toISOString() });
    return t("One hour longer.");
  });
  await page.loadOrders();
}

async function end(/** @type {Page} */ page, /** @type {any} */ one) {
  await page.during("window", async () => {
    await ask("POST", `maintenance-windows/${one.id}/end`);
    return t("Ended: {names}", { names: namesOf(page, one.cameras) });
  });
  await page.loadOrders();
}

/** What the form holds at first: from now, for two hours. */
export function newWindow(/** @type {number} */ now, camera = "") {
  return { cameras: camera ? [camera] : [], from: "", to: toField(now + 2 * HOUR_MS), reason: "", relearn: true, newRecorder: false, find: "" };
}

const SENTENCES = () => ({
  ends_at: t("Choose an end after the beginning, a day later at most. It can be made longer while it runs."),
  starts_at: t("Choose a beginning within the next 60 days, or none: then it begins now."),
  reason: t("Say what the work is."),
  cameras: t("Choose at least one camera."),
});

function announce(/** @type {Page} */ page) {
  const typed = page.forms.window;
  if (!typed) {
    return html`<div class="acts"><button type="button" class="main" @click=${() => page.announce("")}><span aria-hidden="true">+</span> ${t("Announce maintenance")}</button></div>
      ${said(page, "window")}`;
  }
  const error = (/** @type {string} */ field) => html`<p class="error" id=${`e-${field}`} role="alert">${page.errors[field] ? html`<span aria-hidden="true">◆</span> ${page.errors[field]}` : nothing}</p>`;
  const invalid = (/** @type {string} */ field) => (page.errors[field] ? "true" : nothing);
  const wanted = typed.find.trim().toLowerCase();
  const found = page.byName.filter((one) => !wanted || [one.id, one.name.en, one.name.zh].some((text) => text.toLowerCase().includes(wanted)));
  return html`<form novalidate class="byhand" @submit=${(/** @type {Event} */ event) => void send(page, event)}>
    <h3>${t("Announce maintenance")}</h3>
    <fieldset aria-invalid=${invalid("cameras")} tabindex=${page.errors.cameras ? "-1" : nothing} aria-describedby="e-cameras">
      <legend>${t("Cameras")} (${typed.cameras.length})</legend>
      <label for="f-which" class="sr">${t("Find")}</label>
      <input id="f-which" type="search" autocomplete="off" placeholder=${t("name of the camera")} .value=${typed.find} @input=${(/** @type {Event} */ event) => page.fill("window", { find: /** @type {HTMLInputElement} */ (event.target).value })} />
      <div class="ticks">
        ${repeat(
          found.slice(0, 100),
          (one) => one.id,
          (one) => html`<label class="tick"><input type="checkbox" .checked=${typed.cameras.includes(one.id)} @change=${(/** @type {Event} */ event) => tick(page, one.id, /** @type {HTMLInputElement} */ (event.target).checked)} /> ${named(one.name, texts.language)}</label>`,
        )}
      </div>
      ${error("cameras")}
    </fieldset>
    <div class="field">
      <label for="f-from">${t("From")} <span class="optional">${t("empty: now")}</span></label>
      <input id="f-from" type="datetime-local" aria-invalid=${invalid("starts_at")} aria-describedby="e-starts_at" .value=${typed.from} @input=${(/** @type {Event} */ event) => page.fill("window", { from: /** @type {HTMLInputElement} */ (event.target).value })} />
      ${error("starts_at")}
    </div>
    <div class="field">
      <label for="f-to">${t("Until")}</label>
      <input id="f-to" type="datetime-local" aria-invalid=${invalid("ends_at")} aria-describedby="e-ends_at" .value=${typed.to} @input=${(/** @type {Event} */ event) => page.fill("window", { to: /** @type {HTMLInputElement} */ (event.target).value })} />
      ${error("ends_at")}
    </div>
    <div class="field">
      <label for="f-reason">${t("What the work is")}</label>
      <input id="f-reason" maxlength="200" autocomplete="off" aria-invalid=${invalid("reason")} aria-describedby="e-reason" .value=${typed.reason} @input=${(/** @type {Event} */ event) => page.fill("window", { reason: /** @type {HTMLInputElement} */ (event.target).value })} />
      ${error("reason")}
    </div>
    <label class="tick"><input type="checkbox" .checked=${typed.relearn} @change=${(/** @type {Event} */ event) => page.fill("window", { relearn: /** @type {HTMLInputElement} */ (event.target).checked })} /> ${t("Afterwards learn again how they look")}</label>
    <label class="tick"><input type="checkbox" .checked=${typed.newRecorder} @change=${(/** @type {Event} */ event) => page.fill("window", { newRecorder: /** @type {HTMLInputElement} */ (event.target).checked })} /> ${t("The recorder or its disk is a new one")}</label>
    ${said(page, "window")}
    <div class="acts">
      <button type="button" @click=${() => page.forget("window")}>${t("Back")}</button>
      <button type="submit" class="main" aria-busy=${page.busy === "window"}>${t("Announce")}</button>
    </div>
  </form>`;
}

function tick(/** @type {Page} */ page, /** @type {string} */ id, /** @type {boolean} */ on) {
  const { cameras } = page.forms.window;
  page.fill("window", { cameras: on ? [...cameras, id] : cameras.filter((/** @type {string} */ one) => one !== id) });
}

async function send(/** @type {Page} */ page, /** @type {Event} */ event) {
  event.preventDefault();
  const typed = page.forms.window;
  const from = typed.from ? fromField(typed.from) : page.now;
  const to = fromField(typed.to);
  const sentences = SENTENCES();
  page.errors = {
    ...(typed.cameras.length ? {} : { cameras: sentences.cameras }),
    ...(Number.isNaN(from) ? { starts_at: sentences.starts_at } : {}),
    ...(Number.isNaN(to) || to <= from || to - from > 24 * HOUR_MS ? { ends_at: sentences.ends_at } : {}),
    ...(typed.reason.trim() ? {} : { reason: sentences.reason }),
  };
  if (Object.keys(page.errors).length) {
    page.requestUpdate();
    await page.toTheWrong();
    return;
  }
  const done = await page.during(
    "window",
    async () => {
      const begins = typed.from ? { starts_at: new Date(from).toISOString() } : {};
      await ask("POST", "maintenance-windows", { cameras: typed.cameras, ends_at: new Date(to).toISOString(), reason: typed.reason.trim(), relearn: typed.relearn, new_recorder: typed.newRecorder, ...begins });
      return t("Announced: {count} cameras.", { count: typed.cameras.length });
    },
    sentences,
  );
  if (done) page.forget("window");
  else await page.toTheWrong();
  await page.loadOrders();
}
