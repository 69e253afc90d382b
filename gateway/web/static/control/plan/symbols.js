/** The symbols of the plan: what a sign is by its drawing, how it stands by the shape around it. Sixteen points wide. */

import { nothing, svg } from "lit";

/** @typedef {import("./standings.js").Mark} Mark */

const LINES = /** @type {Record<string, string>} */ ({
  gate: "M-7 7V-6M7 7V-6M-7-6H7M-2.5 7V0M2.5 7V0M-2.5 0H2.5",
  lane: "M-6 7V-3M-9 7H-3M-6-2L8-6M-1-3.5L0-.5M4-5L5-2",
  door: "M-5 7V-7H5V7M-8 7H8M2 0v1",
  reader: "M-6-7H1V7H-6ZM-4 3H-1M4-3A4 4 0 0 1 4 3M6.5-5.5A8 8 0 0 1 6.5 5.5",
  bollard: "M-3.5 7V-4A3.5 3.5 0 0 1 3.5-4V7M-7 7H7M-3.5-1H3.5M-3.5 2H3.5",
  bollard_lowered: "M-3.5 7V5.5A3.5 3.5 0 0 1 3.5 5.5V7M-8 7H8",
  panel: "M-7-7H7V7H-7ZM0-4V1M0 3.8V4.2",
  camera: "M-8-4H2V4H-8ZM2-1L8-4V4L2 1ZM-5 0H-3",
});

const BASES = /** @type {Record<Mark, string>} */ ({
  normal: "M-13 0A13 13 0 1 1 13 0A13 13 0 1 1-13 0Z",
  notice: "M0-22L20 14H-20Z",
  warning: "M0-20L20 0L0 20L-20 0Z",
  alarm: "M-16-16H16V16H-16Z",
  lost: "M-9-17H9L17-9V9L9 17H-9L-17 9V-9Z",
});

/** The shape that tells how something stands. */
export function base(/** @type {Mark} */ mark) {
  return svg`<path class="base" d=${BASES[mark]}></path>${mark === "lost" ? svg`<path class="hatch" d=${BASES.lost}></path>` : nothing}`;
}

/** The drawing of what it is. @param {string} kind @param {string} form @param {Mark} mark */
export function symbol(kind, form, mark) {
  const name = kind === "bollard" && ["lowered", "down"].includes(form) ? "bollard_lowered" : kind;
  const within = mark === "notice" ? "translate(0 3) scale(.82)" : mark === "normal" ? "scale(.95)" : nothing;
  return svg`<path class="symbol" transform=${within} d=${LINES[name] ?? LINES.panel}></path>${mark === "lost"
    ? svg`<path class="cross" d="M-17-17L17 17M17-17L-17 17"></path>`
    : nothing}`;
}

/** What a camera looks at. @param {number | null} turn degrees clockwise from up */
export function sight(turn) {
  if (turn === null) return nothing;
  return svg`<path class="sight" transform=${`rotate(${turn})`} d="M0 0L-20-44A48 48 0 0 1 20-44Z"></path>`;
}
