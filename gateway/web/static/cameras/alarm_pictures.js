/** Pictures that this camera took for alarms of other kinds: what it showed before, and after. */

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { place, t, word } from "../i18n.js";
import { addressOf, figure } from "./figures.js";
import { moment } from "./times.js";

/** @typedef {import("./desk.js").CamerasDesk} Page */

export function alarmPictures(/** @type {Page} */ page, /** @type {import("./signs.js").Camera} */ camera) {
  const { alarms } = page;
  if (!alarms.length) return nothing;
  return html`<section aria-labelledby="h-alarms-here">
    <h3 id="h-alarms-here">${t("Open alarms beside this camera")} (${alarms.length})</h3>
    <ul class="found alarms">
      ${repeat(alarms, (one) => one.id, (one) => alarm(camera, one))}
    </ul>
  </section>`;
}

function alarm(/** @type {import("./signs.js").Camera} */ camera, /** @type {any} */ one) {
  const pictures = one.pictures.filter((/** @type {any} */ picture) => picture.camera === camera.id);
  return html`<li data-priority=${one.priority}>
    <span class="sign" data-state="faulty" data-priority=${one.priority} aria-hidden="true">${{ high: "■", medium: "◆", low: "▲" }[/** @type {string} */ (one.priority)] ?? "◆"}</span>
    <div>
      <b>${word("alarm", one.condition)}</b> · ${place(one.place)}
      <p class="quiet">${word("priority", one.priority)} · ${t("since {time}", { time: moment(one.opened_at) })} · ${word("alarm_state", one.state)}</p>
      <div class="figures">
        ${pictures.map((/** @type {any} */ picture) =>
          figure(addressOf(camera.id, picture.id), `${word("picture_why", picture.why)}: ${word("alarm", one.condition)}`, html`<b>${word("picture_why", picture.why)}</b> ${moment(picture.at)}`),
        )}
      </div>
    </div>
  </li>`;
}
