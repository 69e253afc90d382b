/** The round of the shift, signed by exception: what is open is seen and signed for, not 500 ticks. */

import { html, nothing } from "lit";
import { ask } from "../api.js";
import { t, texts, timeOfDay, word } from "../i18n.js";
import { said } from "./detail.js";
import { COLON, named, sign } from "./signs.js";
import { ageOf, moment } from "./times.js";

/** @typedef {import("./desk.js").CamerasDesk} Page */

const STATES = /** @type {Record<string, string>} */ ({ signed: "●", due: "◇", missed: "✕", ahead: "○" });

export function round(/** @type {Page} */ page) {
  const found = page.round;
  if (found === null) {
    return html`<section class="sheet" aria-labelledby="h-round"><h2 id="h-round" tabindex="-1">${t("Round")}</h2><p class="quiet" role="status">${t("One moment: the list is being opened.")}</p></section>`;
  }
  return html`<section class="sheet" aria-labelledby="h-round">
    <h2 id="h-round" tabindex="-1">${t("Round")}</h2>
    <ol class="slots" aria-label=${t("Rounds of today")}>
      ${found.slots.map(
        (/** @type {any} */ one) => html`<li data-state=${one.state}>
          <span aria-hidden="true">${STATES[one.state] ?? ""}</span> ${timeOfDay(one.starts_at).slice(0, 5)}–${timeOfDay(one.ends_at).slice(0, 5)}
          <b>${word("round", one.state)}</b>${one.rounds.length ? ` · ${timeOfDay(one.rounds[0].at).slice(0, 5)}${one.rounds[0].by ? ` · ${one.rounds[0].by}` : ""}` : nothing}
        </li>`,
      )}
    </ol>
    <h3>${t("Open now")} (${found.points.length})</h3>
    ${found.points.length
      ? html`<ul class="points">${found.points.map((/** @type {any} */ one) => point(page, one))}</ul>`
      : html`<p class="quiet">${t("Nothing is open: every camera is looked at, and nothing was found.")}</p>`}
    ${page.may("close_alarms") ? form(page, found) : nothing}
    ${said(page, "round")}
    <h3>${t("Signed in the last 7 days")} (${found.signed.length})</h3>
    ${found.signed.length
      ? html`<ul class="signed">${found.signed.map((/** @type {any} */ one) => html`<li>${moment(one.at)} · ${one.by ?? "–"} · ${t("{count} open", { count: one.count })}${one.note ? html` · <span class="typed">${one.note}</span>` : nothing}</li>`)}</ul>`
      : html`<p class="quiet">${t("None yet.")}</p>`}
  </section>`;
}

function point(/** @type {Page} */ page, /** @type {any} */ one) {
  const camera = page.camera(one.place);
  const name = camera ? named(camera.name, texts.language) : one.place;
  const priority = camera?.findings.find((found) => found.finding === one.what)?.priority ?? "medium";
  const signs = { finding: sign("faulty", priority), not_seen: sign("no_picture"), order: sign("suspect"), maintenance: sign("maintenance") };
  return html`<li>
    ${signs[/** @type {keyof typeof signs} */ (one.kind)] ?? nothing}
    <span>${camera ? html`<a href=${page.href("cameras", one.place)}>${name}</a>` : name}${COLON}${what(one)}</span>
    <span class="quiet">${moment(one.since)} (${ageOf(page.now - Date.parse(one.since))})${one.order && one.kind === "finding" ? ` · ${t("work order")}` : nothing}</span>
  </li>`;
}

function what(/** @type {any} */ one) {
  switch (one.kind) {
    case "finding":
      return word("camera_finding", one.what);
    case "not_seen":
      return t("not looked at: {reason}", { reason: word("camera_miss", one.what) });
    case "order":
      return `${t("work order")} · ${word("work_order", one.what)}`;
    default:
      return t("under maintenance");
  }
}

function form(/** @type {Page} */ page, /** @type {any} */ found) {
  const open = found.points.length;
  return html`<form novalidate class="byhand" @submit=${(/** @type {Event} */ event) => void signIt(page, found, event)}>
    <div class="field">
      <label for="f-note">${t("Remark")} <span class="optional">${t("optional")}</span></label>
      <input id="f-note" maxlength="200" autocomplete="off" .value=${page.forms.round?.note ?? ""} @input=${(/** @type {Event} */ event) => page.fill("round", { note: /** @type {HTMLInputElement} */ (event.target).value })} />
    </div>
    <div class="acts">
      <button type="submit" class="main" aria-busy=${page.busy === "round"}>
        ${page.sure === "round" ? t("Touch again: signed with your name") : t("Sign the round: {open} open, {cameras} cameras", { open, cameras: found.cameras })}
      </button>
    </div>
  </form>`;
}

async function signIt(/** @type {Page} */ page, /** @type {any} */ found, /** @type {Event} */ event) {
  event.preventDefault();
  if (!page.isSure("round")) return;
  const done = await page.during("round", async () => {
    try {
      await ask("POST", "camera-rounds", { digest: found.digest, note: String(page.forms.round?.note ?? "").trim() });
    } catch (problem) {
      if (/** @type {{detail?: string}} */ (problem).detail?.startsWith("changed")) throw new Error(t("What is open has changed meanwhile. Please look again, then sign."));
      throw problem;
    }
    return t("Signed.");
  });
  if (done) page.forget("round");
  await page.loadRound();
}
