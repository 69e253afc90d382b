/** The list of cameras: what is wrong first, to be found by name, filtered by state and zone. 500 rows stay quick. */

import { html, nothing } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { place, t, texts, word } from "../i18n.js";
import { counted, isWrong } from "./store.js";
import { COLON, named, priorityOf, saying, sign, STATES } from "./signs.js";
import { strip } from "./strip.js";
import { ageOf, stale } from "./times.js";

/** @typedef {import("./signs.js").Camera} Camera */
/** @typedef {import("./desk.js").CamerasDesk} Page */

/** The whole list with its head. */
export function list(/** @type {Page} */ page) {
  return html`<section class="list" aria-labelledby="h-list">
    <h2 class="sr" id="h-list">${t("Cameras")}</h2>
    ${filters(page)}
    ${page.cameras.length ? rows(page) : empty()}
  </section>`;
}

function empty() {
  return html`<div class="empty">
    <p>${t("No camera is configured yet.")}</p>
    <p>${t("Write the cameras into cameras.yaml beside campus.yaml, name their networks under video in wardgate.yaml, and run `wardgate check-config`. They appear here at the next start, and each is looked at from then on.")}</p>
  </div>`;
}

/** Which of them show: by state, name and zone. */
export function filters(/** @type {Page} */ page) {
  const counts = counted(page.cameras);
  const wrong = page.cameras.filter(isWrong).length;
  const zones = [...new Set(page.cameras.map((one) => one.zone))].sort();
  const { filter } = page;
  const chip = (/** @type {string} */ state, /** @type {unknown} */ face, /** @type {number} */ count) =>
    html`<button type="button" class="chip" aria-pressed=${filter.state === state} data-state=${state} @click=${() => page.narrow({ state: filter.state === state ? "" : state })}>
      ${face} <b>${count}</b>
    </button>`;
  return html`<div class="filters">
    <div class="chips" role="group" aria-label=${t("State")}>
      ${chip("", t("all"), page.cameras.length)} ${chip("wrong", t("something is wrong"), wrong)}
      ${STATES.filter((state) => counts[state] || filter.state === state).map((state) =>
        chip(state, html`${sign(state)} ${word("camera_state", state)}`, counts[state] ?? 0),
      )}
    </div>
    <div class="seek">
      <label for="f-find">${t("Find")}<kbd aria-hidden="true">/</kbd></label>
      <input id="f-find" type="search" autocomplete="off" spellcheck="false" placeholder=${t("name of the camera")} .value=${filter.text}
        @input=${(/** @type {Event} */ event) => page.narrow({ text: /** @type {HTMLInputElement} */ (event.target).value })} />
      <label for="f-zone">${t("Zone")}</label>
      <select id="f-zone" @change=${(/** @type {Event} */ event) => page.narrow({ zone: /** @type {HTMLSelectElement} */ (event.target).value })}>
        <option value="" ?selected=${!filter.zone}>${t("all")}</option>
        ${zones.map((zone) => html`<option value=${zone} ?selected=${filter.zone === zone}>${place(zone)}</option>`)}
      </select>
    </div>
  </div>`;
}

function rows(/** @type {Page} */ page) {
  const shown = page.shown;
  if (!shown.length) return html`<p class="empty">${t("No camera is like that. Take a filter away to see the others.")}</p>`;
  return html`${page.isHeld
      ? html`<button type="button" class="small anew" @click=${() => page.sortAnew()}>${t("The order has changed: sort anew")}</button>`
      : nothing}
    <ul class="rows" @pointermove=${() => page.hold(true)} @pointerleave=${() => page.hold(false)}>
      ${repeat(
        shown,
        (camera) => camera.id,
        (camera) => {
          const hours = page.hoursOf(camera.id);
          const age = camera.picture_at ? ageOf(page.now - Date.parse(camera.picture_at)) : "";
          const old = stale(camera, page) || camera.state === "no_picture";
          const since = camera.since ? ageOf(page.now - Date.parse(camera.since)) : "";
          const chosen = page.chosen === camera.id;
          return guard([camera, hours, age, since, old, chosen], () => row(page, camera, { hours, age, since, old, chosen }));
        },
      )}
    </ul>`;
}

/**
 * @param {Page} page
 * @param {Camera} camera
 * @param {{hours: import("./strip.js").Hour[], age: string, since: string, old: boolean, chosen: boolean}} more
 */
function row(page, camera, { hours, age, since, old, chosen }) {
  return html`<li>
    <button type="button" class="cam" data-id=${camera.id} data-state=${camera.state} aria-current=${chosen ? "true" : nothing} @click=${() => page.choose(camera.id)}>
      ${sign(camera.state, priorityOf(camera))}
      ${thumbnail(camera, old)}
      <span class="text">
        <b class="name">${named(camera.name, texts.language)}</b>
        <span class="says">${saying(camera)}${since ? html` · <span class="since">${since}</span>` : nothing}${
          camera.work_order ? html` · <span class="since">${t("work order")}</span>` : nothing
        }</span>
      </span>
      <span class="side">
        ${hours.length ? strip(hours, page.since ?? 0, `${t("last 24 hours")}${COLON}`) : nothing}
        <span class="about">${age ? html`${old ? t("picture of {age}", { age }) : age} · ` : nothing}${place(camera.zone)}</span>
      </span>
    </button>
  </li>`;
}

/** The newest picture, or that there is none. Loaded only when it comes into view. */
function thumbnail(/** @type {Camera} */ camera, /** @type {boolean} */ old) {
  if (camera.picture === null) return html`<span class="thumb none"><span>${t("no picture")}</span></span>`;
  return html`<span class="thumb" data-old=${old}>
    <img src=${`/api/v1/cameras/${camera.id}/picture?n=${camera.picture}`} loading="lazy" decoding="async" alt="" width="96" height="54" />
  </span>`;
}
