/**
 * The strip of a day: one cell an hour, readable without colour. Each kind has its own shape: a low bar where nothing
 * was found, a full bar with a finding, a cross where the camera gave no picture, an empty box where the gateway was
 * away, two lines where there was too much to do, a slanted line where somebody worked on it, a dot where nothing was
 * planned.
 */

import { html, svg } from "lit";
import { t, timeOfDay, word } from "../i18n.js";
import { COMMA, SEMICOLON } from "./signs.js";

/** @typedef {[planned: number, done: number, clear: number, camera: number, gateway: number, overload: number,
 *   maintenance: number] | null} Hour */

export const STEP = 6;
const WIDTH = 5;
const HEIGHT = 16;
/** From the worst: what an hour shows, if it had several. */
export const KINDS = ["camera", "finding", "gateway", "overload", "maintenance", "clear"];

/** @type {Record<string, (x: number) => string>} */
const SHAPES = {
  clear: (x) => `M${x} 11h${WIDTH}v5h-${WIDTH}z`,
  finding: (x) => `M${x} 0h${WIDTH}v16h-${WIDTH}z`,
  camera: (x) => `M${x} 2l${WIDTH} 13M${x + WIDTH} 2l-${WIDTH} 13`,
  gateway: (x) => `M${x + 0.75} 4.75h3.5v10.5h-3.5z`,
  overload: (x) => `M${x} 8h${WIDTH}M${x} 14h${WIDTH}`,
  maintenance: (x) => `M${x} 16l${WIDTH} -12`,
  none: (x) => `M${x + 1.5} 15h2`,
};

/** What an hour was, in one word. */
export function kindOf(/** @type {Hour | undefined} */ hour) {
  if (!hour || hour[0] === 0) return "none";
  const [, done, clear, camera, gateway, overload, maintenance] = hour;
  const shows = { camera, finding: done - clear, gateway, overload, maintenance, clear };
  return KINDS.find((kind) => shows[/** @type {keyof typeof shows} */ (kind)] > 0) ?? "none";
}

/** A kind of hour in words. */
export function kindInWords(/** @type {string} */ kind) {
  switch (kind) {
    case "clear":
      return t("nothing found");
    case "finding":
      return t("with a finding");
    case "none":
      return t("nothing planned");
    default:
      return t("missed: {reason}", { reason: word("camera_miss", kind) });
  }
}

/** What a strip shows, for whoever does not see it. */
export function inWords(/** @type {Hour[]} */ hours, /** @type {number} */ since) {
  const parts = [...KINDS, "none"].flatMap((kind) => {
    const at = hours.flatMap((hour, index) => (kindOf(hour) === kind ? [index] : []));
    if (!at.length) return [];
    const count = t("{count} h {what}", { count: at.length, what: kindInWords(kind) });
    if (kind === "clear" || kind === "none") return [count];
    return [`${count} (${at.slice(0, 6).map((index) => hourOf(since, index)).join(COMMA)}${at.length > 6 ? " …" : ""})`];
  });
  return parts.join(SEMICOLON);
}

/** The hour of the clock at which a cell begins. */
export function hourOf(/** @type {number} */ since, /** @type {number} */ index) {
  return timeOfDay(since + index * 3_600_000).slice(0, 5);
}

/**
 * @param {Hour[]} hours
 * @param {number} since when the first cell begins
 * @param {string} [name] before the words
 */
export function strip(hours, since, name = "") {
  /** @type {Record<string, string>} */
  const paths = {};
  hours.forEach((hour, index) => {
    const kind = kindOf(hour);
    paths[kind] = (paths[kind] ?? "") + (SHAPES[kind]?.(index * STEP) ?? "");
  });
  const label = `${name}${inWords(hours, since)}`;
  return html`<svg class="strip" role="img" aria-label=${label} viewBox="0 0 ${hours.length * STEP - 1} ${HEIGHT}" preserveAspectRatio="none">
    ${Object.entries(paths).map(([kind, path]) => svg`<path class=${kind} d=${path}></path>`)}
  </svg>`;
}

/** One cell alone, for a legend or a table. */
export function cell(/** @type {string} */ kind) {
  return html`<svg class="strip cell" aria-hidden="true" viewBox="0 0 ${WIDTH} ${HEIGHT}">
    ${svg`<path class=${kind} d=${SHAPES[kind]?.(0) ?? ""}></path>`}
  </svg>`;
}
