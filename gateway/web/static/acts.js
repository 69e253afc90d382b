/** What a person can do on the live page, as requests. */

import { ask } from "./api.js";

/**
 * @typedef {{act: "answer", id: string, outcome: "grant" | "refuse"} | {act: "acknowledge", id: string}
 *   | {act: "coming", id: string, relief: string}} Act `id`: the row on which the result is said
 */

/** @returns {Promise<any>} what the gateway says; throws a Problem */
export function carryOut(/** @type {Act} */ act) {
  if (act.act === "answer") return ask("POST", `waiting/${encodeURIComponent(act.id)}`, { outcome: act.outcome });
  if (act.act === "coming") return ask("POST", `relief/${act.relief}/coming`);
  return ask("POST", `alarms/${encodeURIComponent(act.id)}/acknowledge`);
}
