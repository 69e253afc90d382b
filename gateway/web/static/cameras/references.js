/** What a camera should look like: learnt by itself, confirmed by a person of the control room, learnt again. */

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ask } from "../api.js";
import { t, word } from "../i18n.js";
import { said } from "./detail.js";
import { moment } from "./times.js";

/** @typedef {import("./desk.js").CamerasDesk} Page */
/** @typedef {import("./signs.js").Camera} Camera */

export function references(/** @type {Page} */ page, /** @type {Camera} */ camera) {
  const some = page.references;
  if (some === null) return nothing;
  const used = some.filter((one) => one.state !== "retired");
  const old = some.filter((one) => one.state === "retired");
  const relearn = `relearn ${camera.id}`;
  return html`<section aria-labelledby="h-references">
    <h3 id="h-references">${t("What it should look like")} (${used.length})</h3>
    ${used.length
      ? html`<ul class="looks">${repeat(used, (one) => one.id, (one) => card(page, camera, one))}</ul>`
      : html`<p class="quiet">${t("Nothing is learnt yet. The camera is learnt by itself from its first looks that show enough.")}</p>`}
    ${old.length
      ? html`<details>
          <summary>${t("Old ones")} (${old.length})</summary>
          <ul class="looks">${repeat(old, (one) => one.id, (one) => card(page, camera, one))}</ul>
        </details>`
      : nothing}
    ${page.may("work_orders", "close_alarms")
      ? html`<div class="acts">
          <button type="button" aria-busy=${page.busy === relearn} @click=${() => void learnAnew(page, camera, relearn)}>
            ${page.sure === relearn ? t("Touch again: what it shows from now on counts as right") : t("Learn again")}
          </button>
        </div>`
      : nothing}
    ${said(page, relearn)}
  </section>`;
}

function card(/** @type {Page} */ page, /** @type {Camera} */ camera, /** @type {any} */ one) {
  const name = `${word("reference_mode", one.mode)} · ${moment(one.made_at)}`;
  const hours = `${clock(one.part)}–${clock(one.part + 1)}`;
  return html`<li data-state=${one.state}>
    ${one.picture
      ? html`<img src=${`/api/v1/cameras/${camera.id}/evidence/${one.picture}`} alt=${t("what it should look like")} loading="lazy" decoding="async" width="160" height="90" />`
      : html`<span class="thumb none"><span>${t("no picture")}</span></span>`}
    <div>
      <b>${word("reference_mode", one.mode)} · ${word("reference_state", one.state)} · ${hours}</b>
      <p class="quiet">${t("learnt {time}", { time: moment(one.made_at) })}</p>
      ${one.confirmed_at ? html`<p class="quiet">${t("confirmed {time}", { time: moment(one.confirmed_at) })}${one.confirmed_by ? ` · ${one.confirmed_by}` : nothing}</p>` : nothing}
      ${one.retired_at ? html`<p class="quiet">${t("not used since {time}", { time: moment(one.retired_at) })}</p>` : nothing}
      ${one.state === "learnt" && page.may("close_alarms")
        ? html`<button type="button" class="small" aria-busy=${page.busy === one.id} @click=${() => void confirm(page, camera, one)}>
            ${t("This is how it should look")}<span class="sr">: ${name}</span>
          </button>`
        : nothing}
      ${said(page, one.id)}
    </div>
  </li>`;
}

/** When a part of the day begins: six of four hours. */
const clock = (/** @type {number} */ part) => `${String(4 * part).padStart(2, "0")}:00`;

async function confirm(/** @type {Page} */ page, /** @type {Camera} */ camera, /** @type {any} */ one) {
  await page.during(one.id, async () => {
    page.references = (await ask("POST", `cameras/${camera.id}/reference/confirm`, { reference: one.id })).references;
    return t("Confirmed.");
  });
}

async function learnAnew(/** @type {Page} */ page, /** @type {Camera} */ camera, /** @type {string} */ where) {
  if (!page.isSure(where)) return;
  await page.during(where, async () => {
    page.references = (await ask("POST", `cameras/${camera.id}/reference/relearn`)).references;
    return t("Its next looks that show nothing wrong are learnt. Please confirm them then.");
  });
}
