/** What a person can do to an alarm, as requests to the gateway. */

import { ask } from "../../api.js";

/** Simple acts: one touch, nothing to say. */
export const SIMPLE = ["acknowledge", "unshelve", "in-service", "take-over"];

/** @param {string} id @param {string} act @param {object} [body] */
export function act(id, act, body) {
  return ask("POST", `alarms/${id}/${act}`, body);
}

/** @param {string} id @param {string} step @param {boolean} done */
export function tick(id, step, done) {
  return ask("POST", `alarms/${id}/steps`, { step, done });
}

/** @param {string} id @param {string} to @param {string} outcome */
export function called(id, to, outcome) {
  return ask("POST", `alarms/${id}/calls`, { to, outcome });
}

/** @param {import("./forms.js").Form} form @param {number} now */
export function sendForm(form, now) {
  const words = form.words.trim();
  const said = words ? { words } : {};
  switch (form.kind) {
    case "close":
      return ask("POST", `alarms/${form.id}/close`, { disposal: form.code, ...said });
    case "shelve":
      return ask("POST", `alarms/${form.id}/shelve`, { until: new Date(now + form.minutes * 60_000).toISOString(), reason: form.code, ...said });
    case "out-of-service":
      return ask("POST", `alarms/${form.id}/out-of-service`, { reason: form.code, ...said });
    default:
      return ask("POST", `devices/${form.device}/commands`, { action: form.action, reason: words });
  }
}

/** @param {string} id @returns {Promise<string>} the incident's id */
export async function makeIncident(id) {
  const made = await ask("POST", "incidents", { alarm: id });
  return made.summary.id;
}

const FINAL = ["executed", "refused", "failed", "expired", "no_answer"];
const LOOK_EVERY_MS = 1000;
const LOOK_FOR_MS = 60_000;

/** Look what becomes of a command until it is known. @param {any} issued @param {(info: any) => void} tell */
export async function watchCommand(issued, tell) {
  const end = performance.now() + LOOK_FOR_MS;
  let info = issued;
  tell(info);
  while (!FINAL.includes(info.state) && performance.now() < end) {
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
    info = await ask("GET", `devices/${issued.device}/commands/${issued.command}`);
    tell(info);
  }
}
