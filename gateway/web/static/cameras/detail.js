/** One camera: how it stands, what it shows beside what it should show, what was found, its checks, its references. */

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { ask } from "../api.js";
import { place, t, texts, word } from "../i18n.js";
import { alarmPictures } from "./alarm_pictures.js";
import { checks } from "./checks.js";
import { addressOf, figure } from "./figures.js";
import { references } from "./references.js";
import { COLON, COMMA, named, priorityOf, saying, sign } from "./signs.js";
import { ageOf, moment, stale } from "./times.js";
import { orderCard } from "./orders.js";

/** @typedef {import("./signs.js").Camera} Camera */
/** @typedef {import("./desk.js").CamerasDesk} Page */

export function detail(/** @type {Page} */ page) {
  const camera = page.camera(page.chosen);
  if (!camera) {
    return html`<section class="detail none" aria-label=${t("One camera")}>
      <p class="empty">${t("Choose a camera: its pictures, checks and findings show here. J and K go from one to the next, / finds one by its name, A acknowledges its alarm.")}</p>
      ${legend()}
    </section>`;
  }
  return html`<section class="detail" aria-labelledby="h-camera">
    <header class="top">
      <button type="button" class="back" @click=${() => page.go("cameras")}><span aria-hidden="true">←</span> ${t("All cameras")}</button>
      <h2 id="h-camera" tabindex="-1">${sign(camera.state, priorityOf(camera))} ${named(camera.name, texts.language)}</h2>
      <p class="says" data-state=${camera.state}>${word("camera_state", camera.state)}${camera.findings.length ? html`${COLON}<b>${saying({ ...camera, state: "faulty" })}</b>` : nothing}${
        camera.since ? html` · ${t("since {time}", { time: moment(camera.since) })} (${ageOf(page.now - Date.parse(camera.since))})` : nothing
      }</p>
      <p class="quiet">${facts(page, camera)}</p>
    </header>
    ${figures(page, camera)} ${found(page, camera)} ${alarmPictures(page, camera)} ${ordersOf(page, camera)} ${checks(page, camera)} ${references(page, camera)} ${about(page)}
  </section>`;
}

function facts(/** @type {Page} */ page, /** @type {Camera} */ camera) {
  const parts = [
    place(camera.zone),
    camera.key_site ? t("key site") : "",
    t("looked at every {count} s", { count: Math.round(camera.every_s) }),
    camera.checked_at ? t("last check {age}", { age: ageOf(page.now - Date.parse(camera.checked_at)) }) : t("not checked yet"),
    camera.miss ? t("missed: {reason}", { reason: word("camera_miss", camera.miss) }) : "",
    camera.maintenance_until ? t("under maintenance until {time}", { time: moment(camera.maintenance_until) }) : "",
  ];
  return parts.filter(Boolean).join(" · ");
}

/** What it shows now, what it showed when something was found, and what it should look like: side by side. */
function figures(/** @type {Page} */ page, /** @type {Camera} */ camera) {
  const standing = (page.detail?.findings ?? []).filter((/** @type {any} */ one) => one.cleared_at === null);
  const evidence = standing.flatMap((/** @type {any} */ one) =>
    (one.pictures ?? []).filter((/** @type {any} */ pic) => pic.why === "finding").map((/** @type {any} */ pic) => ({ ...pic, finding: one.finding })),
  )[0];
  const look = (page.references ?? []).find((one) => one.state !== "retired" && one.picture);
  const old = stale(camera, page) || camera.state === "no_picture";
  const now = figure(
      camera.picture && `/api/v1/cameras/${camera.id}/picture?n=${camera.picture}`,
      t("what the camera shows"),
      camera.picture_at ? html`<b>${old ? t("Last picture") : t("Now")}</b> ${ageOf(page.now - Date.parse(camera.picture_at))}` : html`<b>${t("No picture yet")}</b>`,
      old,
    );
  return html`<div class="figures">
    ${evidence
      ? figure(addressOf(camera.id, evidence.id), t("what was found"), html`<b>${word("camera_finding", evidence.finding)}</b> ${moment(evidence.at)}`)
      : now}
    ${figure(
      look && addressOf(camera.id, look.picture),
      t("what it should look like"),
      look
        ? html`<b>${t("As it should look")}</b> ${word("reference_mode", look.mode)} · ${word("reference_state", look.state)}`
        : html`<b>${t("As it should look")}</b> ${t("not learnt yet")}`,
    )}
    ${evidence ? now : nothing}
  </div>`;
}

function found(/** @type {Page} */ page, /** @type {Camera} */ camera) {
  if (page.detail === null) return html`<p class="quiet" role="status">${t("One moment: the list is being opened.")}</p>`;
  /** @type {any[]} */
  const all = page.detail.findings;
  const standing = all.filter((one) => one.cleared_at === null);
  const over = all.filter((one) => one.cleared_at !== null);
  return html`<section aria-labelledby="h-found">
    <h3 id="h-found">${t("Findings")} (${standing.length})</h3>
    ${standing.length
      ? html`<ul class="found">${repeat(standing, (one) => one.id, (one) => finding(page, camera, one))}</ul>`
      : html`<p class="quiet">${t("Nothing stands. What a check finds appears here with its picture.")}</p>`}
    ${over.length
      ? html`<details>
          <summary>${t("Over, of the last 7 days")} (${over.length})</summary>
          <ul class="found">${repeat(over, (one) => one.id, (one) => finding(page, camera, one))}</ul>
        </details>`
      : nothing}
  </section>`;
}

function finding(/** @type {Page} */ page, /** @type {Camera} */ camera, /** @type {any} */ one) {
  const over = one.cleared_at !== null;
  return html`<li data-priority=${one.priority} data-over=${over}>
    ${sign(over ? "normal" : "faulty", one.priority)}
    <div>
      <b>${word("camera_finding", one.finding)}</b>
      <p class="quiet">
        ${word("priority", one.priority)} · ${over ? t("{from} to {to}", { from: moment(one.began_at), to: moment(one.cleared_at) }) : t("since {time}", { time: moment(one.began_at) })}${
          one.value === null || one.threshold === null ? nothing : html` · ${t("measured {value}, limit {limit}", { value: short(one.value), limit: short(one.threshold) })}`
        }${one.alarm_state ? html` · ${t("alarm {state}", { state: word("alarm_state", one.alarm_state) })}` : nothing}
      </p>
      ${over ? pictures(page, camera, one) : nothing}
    </div>
    ${one.alarm && page.may("acknowledge_alarms") && ["unacknowledged", "returned"].includes(one.alarm_state)
      ? html`<button type="button" class="small" aria-busy=${page.busy === one.id} @click=${() => void acknowledge(page, one)}>
          ${t("Acknowledge")}<span class="sr">: ${word("camera_finding", one.finding)}</span>
        </button>`
      : nothing}
    ${said(page, one.id)}
  </li>`;
}

function pictures(/** @type {Page} */ page, /** @type {Camera} */ camera, /** @type {any} */ one) {
  if (one.pictures === null) {
    return html`<button type="button" class="small" @click=${() => void page.openFinding(one)}>${t("Show the pictures")}<span class="sr">: ${word("camera_finding", one.finding)}, ${moment(one.began_at)}</span></button>`;
  }
  if (!one.pictures.length) return html`<p class="quiet">${t("The pictures are erased.")}</p>`;
  return html`<details class="pics">
    <summary>${t("Pictures")} (${one.pictures.length})<span class="sr">: ${word("camera_finding", one.finding)}, ${moment(one.began_at)}</span></summary>
    <div class="figures">
      ${one.pictures.map((/** @type {any} */ pic) =>
        figure(addressOf(camera.id, pic.id), `${word("picture_why", pic.why)}: ${word("camera_finding", one.finding)}`, html`<b>${word("picture_why", pic.why)}</b> ${moment(pic.at)}`),
      )}
    </div>
  </details>`;
}

/** Somebody has seen the alarm of a finding. */
export async function acknowledge(/** @type {Page} */ page, /** @type {any} */ one) {
  await page.during(one.id, async () => {
    await ask("POST", `alarms/${one.alarm}/acknowledge`);
    return t("Acknowledged.");
  });
  await page.loadDetail();
}

function ordersOf(/** @type {Page} */ page, /** @type {Camera} */ camera) {
  const some = (page.orders ?? []).filter((one) => one.subject === camera.id);
  return html`<section aria-labelledby="h-orders-of">
    <h3 id="h-orders-of">${t("Work orders")} (${some.length})</h3>
    ${some.length
      ? html`<ul class="orders">${repeat(some, (one) => one.id, (one) => orderCard(page, one, false))}</ul>`
      : html`<p class="quiet">${t("None is open. A finding that lasts makes one by itself.")}</p>`}
    ${page.may("work_orders")
      ? html`<div class="acts"><button type="button" @click=${() => page.announce(camera.id)}>${t("Announce maintenance")}</button></div>`
      : nothing}
  </section>`;
}

/** What the configuration and the recorder say. */
function about(/** @type {Page} */ page) {
  if (page.detail === null) return nothing;
  const { detail: one } = page;
  const recording = one.recording;
  return html`<section aria-labelledby="h-about">
    <h3 id="h-about">${t("Camera and recorder")}</h3>
    <dl>
      <dt>${t("Source")}</dt><dd>${word("camera_source", one.source)}${one.size ? ` · ${one.size[0]} × ${one.size[1]}` : nothing}${one.fps ? ` · ${t("{count} pictures a second", { count: one.fps })}` : nothing}</dd>
      ${one.sees.length ? html`<dt>${t("Sees")}</dt><dd>${one.sees.map(place).join(COMMA)}</dd>` : nothing}
      <dt>${t("Recording")}</dt>
      <dd>
        ${recording === null
          ? t("The recorder has not told anything. {count} days have to be kept.", { count: one.keep_days })
          : [
              recording.recording ? t("is recording") : t("is not recording"),
              recording.days_kept === null
                ? t("how far back is not known; {count} days have to be kept", { count: one.keep_days })
                : t("{count} of {needed} days kept", { count: recording.days_kept, needed: one.keep_days }),
              recording.growing ? t("new, they become more") : "",
              recording.disk_free_gb === null ? t("free room not known") : t("{count} GB free", { count: Math.round(recording.disk_free_gb) }),
              ageOf(page.now - Date.parse(recording.at)),
            ]
              .filter(Boolean)
              .join(" · ")}
      </dd>
      ${one.recorder ? html`<dt>${t("Recorder")}</dt><dd>${recorder(page, one.recorder)}</dd>` : nothing}
    </dl>
  </section>`;
}

/** Whether the recorder could be asked. */
function recorder(/** @type {Page} */ page, /** @type {any} */ one) {
  return [
    one.id,
    one.asked_at === null ? t("not asked yet") : one.trouble ? t("cannot tell: {reason}", { reason: word("recorder_trouble", one.trouble) }) : t("answers"),
    clockOf(one.clock_off_s),
    one.asked_at === null ? "" : ageOf(page.now - Date.parse(one.asked_at)),
  ]
    .filter(Boolean)
    .join(" · ");
}

function clockOf(/** @type {number | null} */ ahead) {
  if (ahead === null) return "";
  return ahead > 0 ? t("its clock is {count} s ahead", { count: ahead }) : t("its clock is {count} s behind", { count: -ahead });
}

/** What was said of an act here. */
export function said(/** @type {Page} */ page, /** @type {string} */ where) {
  const one = page.said[where];
  return one ? html`<p class="said" role="status" data-kind=${one.kind}>${one.text}</p>` : nothing;
}

/** A measure or limit, in three digits. */
function short(/** @type {number} */ number) {
  return String(Number(number.toPrecision(3)));
}

/** What the shapes of the list mean. */
function legend() {
  return html`<dl class="legend" aria-label=${t("What the signs mean")}>
    ${["no_picture", "faulty", "suspect", "maintenance", "not_learnt", "normal"].map(
      (state) => html`<div><dt>${sign(state, state === "faulty" ? "high" : "")} ${word("camera_state", state)}</dt><dd>${meaning(state)}</dd></div>`,
    )}
  </dl>`;
}

function meaning(/** @type {string} */ state) {
  switch (state) {
    case "no_picture":
      return t("Nothing comes that could be looked at.");
    case "faulty":
      return t("Something is found: ■ first, ◆ soon, ▲ when there is time.");
    case "suspect":
      return t("Something was seen once; it is looked at again at once.");
    case "maintenance":
      return t("Somebody works on it. A missing recording alarms all the same.");
    case "not_learnt":
      return t("What it should look like is not known yet.");
    default:
      return t("The last check found nothing.");
  }
}
