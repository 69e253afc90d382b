/** How a camera's state shows: by shape, word and colour; and what is told first. */

import { html } from "lit";
import { texts, word } from "../i18n.js";

/**
 * @typedef {{finding: string, priority: string, since: string}} Standing
 * @typedef {{id: string, name: {en: string, zh: string}, zone: string, key_site: boolean, state: string,
 *   since: string | null, findings: Standing[], suspects: string[], checked_at: string | null, miss: string | null,
 *   every_s: number, picture: string | null, picture_at: string | null, reference: string,
 *   maintenance_until: string | null, work_order: string | null}} Camera
 */

const PRIORITY_SIGNS = /** @type {Record<string, string>} */ ({ high: "■", medium: "◆", low: "▲" });
const STATE_SIGNS = /** @type {Record<string, string>} */ ({
  no_picture: "✕",
  faulty: "■",
  suspect: "◇",
  maintenance: "‖",
  not_learnt: "○",
  normal: "●",
});
const RANKS = /** @type {Record<string, number>} */ ({ high: 0, medium: 1, low: 3 });

/** Between the parts of a list, and of a list of lists. */
export const COMMA = texts.language === "zh" ? "、" : ", ";
export const COLON = texts.language === "zh" ? "：" : ": ";
export const SEMICOLON = texts.language === "zh" ? "；" : "; ";

/** In the order in which people want them. */
export const STATES = ["no_picture", "faulty", "suspect", "maintenance", "not_learnt", "normal"];

/** The most urgent priority of what stands, or "" if nothing does. */
export function priorityOf(/** @type {Camera} */ camera) {
  return ["high", "medium", "low"].find((one) => camera.findings.some((found) => found.priority === one)) ?? "";
}

/** The lower, the further up: what is wrong first, by how urgent it is. */
export function rank(/** @type {Camera} */ camera) {
  switch (camera.state) {
    case "no_picture":
      return 0;
    case "faulty":
      return RANKS[priorityOf(camera)] ?? 1;
    case "suspect":
      return 2;
    default:
      return 2 + STATES.indexOf(camera.state);
  }
}

/** The sign of a state; of a faulty camera the sign of the worst that was found. */
export function sign(/** @type {string} */ state, priority = "") {
  const shape = (state === "faulty" && PRIORITY_SIGNS[priority]) || (STATE_SIGNS[state] ?? "●");
  return html`<span class="sign" data-state=${state} data-priority=${priority} aria-hidden="true">${shape}</span>`;
}

/** What a camera's line says: what was found, or the state's word. */
export function saying(/** @type {Camera} */ camera) {
  const found = camera.findings.map((one) => word("camera_finding", one.finding)).join(COMMA);
  if (found) return found;
  if (camera.state === "suspect" && camera.suspects.length) {
    return `${word("camera_state", "suspect")}${COLON}${camera.suspects.map((one) => word("camera_finding", one)).join(COMMA)}`;
  }
  return word("camera_state", camera.state);
}

/** @returns {string} a text in the page's language */
export function named(/** @type {{en: string, zh: string}} */ name, /** @type {string} */ language) {
  return language === "zh" ? name.zh : name.en;
}
