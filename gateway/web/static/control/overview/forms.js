/**
 * What has to be said for an act on an alarm: how it was disposed of, how long it lies on the shelf and why, what a
 * command is for. Paints into the side panel and says what was typed (`send`); fetches nothing.
 *
 * @typedef {{kind: "close" | "shelve" | "out-of-service" | "command", id: string, codes: string[], code: string,
 *   words: string, minutes: number, device: string, action: string, error: string, isSure: boolean}} Form
 */

import { nothing } from "lit";
import { t, texts, timeOfDay, word } from "../../i18n.js";
import { html } from "../../live/parts.js";

/** What frees or blocks a way with force is asked for twice. */
const DANGEROUS = ["unlock", "raise", "lower", "reboot", "release"];
const MINUTES = [15, 30, 60, 120, 240, 480];
const MOST_WORDS = 200;
/** The words of the codes that each act asks for. */
const WORDS = /** @type {Record<string, string>} */ ({ close: "disposal", shelve: "shelf_reason", "out-of-service": "out_reason" });

/** @returns {Form} */
export function newForm(/** @type {Form["kind"]} */ kind, /** @type {string} */ id, /** @type {Partial<Form>} */ some = {}) {
  return { kind, id, codes: Object.keys(texts.words[WORDS[kind] ?? ""] ?? {}), code: "", words: "", minutes: 60, device: "", action: "", error: "", isSure: false, ...some };
}

/** What is still missing, in words; "" if nothing is. */
export function missing(/** @type {Form} */ form) {
  if (form.kind === "command") return form.words.trim() ? "" : t("Say why: the command's record keeps it.");
  if (!form.code) return form.kind === "close" ? t("Choose what it turned out to be.") : t("Choose a reason.");
  return form.code === "other" && !form.words.trim() ? t("Say in words what the reason is.") : "";
}

export function isDangerous(/** @type {Form} */ form) {
  return form.kind === "command" && DANGEROUS.includes(form.action);
}

/**
 * @param {Form} form @param {number} now @param {boolean} isBusy
 * @param {{set: (some: Partial<Form>) => void, send: () => void, close: () => void}} to
 */
export function paintForm(form, now, isBusy, { set, send, close }) {
  return html`<form novalidate @submit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    send();
  }}>
    ${form.kind === "command" ? command(form, set) : reasons(form, set)}
    ${form.kind === "shelve" ? until(form, now, set) : nothing}
    ${form.kind === "command" ? nothing : words(form, form.code === "other" ? t("In words (no names)") : t("In words (may stay empty; no names)"), set)}
    <p class="error" id="e-form" role="alert">${form.error ? html`<span aria-hidden="true">◆</span> ${form.error}` : nothing}</p>
    <div class="acts">
      <button type="submit" class="main" ?disabled=${isBusy} aria-busy=${isBusy}>${sendText(form)}</button>
      <button type="button" @click=${close}>${t("Leave it")}</button>
    </div>
  </form>`;
}

/** The title of the panel. */
export function titleOf(/** @type {Form} */ form) {
  switch (form.kind) {
    case "close":
      return t("Close the alarm");
    case "shelve":
      return t("Put it on the shelf");
    case "out-of-service":
      return t("Take it out of service");
    default:
      return word("device_action", form.action);
  }
}

function sendText(/** @type {Form} */ form) {
  if (form.kind === "close") return t("Close the alarm");
  if (form.kind === "shelve") return t("Put it on the shelf");
  if (form.kind === "out-of-service") return t("Take it out of service");
  const what = `${word("device_action", form.action)}: ${form.device}`;
  return form.isSure ? t("Once more to be sure: {what}", { what }) : what;
}

/** @param {Form} form @param {(some: Partial<Form>) => void} set */
function reasons(form, set) {
  const group = WORDS[form.kind] ?? "";
  const title = form.kind === "close" ? t("What was it?") : t("Why?");
  return html`<fieldset aria-describedby="e-form"><legend>${title}</legend>
    ${form.codes.map(
      (code) => html`<label class="choice"><input type="radio" name="code" value=${code} .checked=${form.code === code}
        @change=${() => set({ code, error: "" })} /> <span>${word(group, code)}</span></label>`,
    )}</fieldset>`;
}

/** @param {Form} form @param {number} now @param {(some: Partial<Form>) => void} set */
function until(form, now, set) {
  return html`<fieldset><legend>${t("For how long?")}</legend>
    ${MINUTES.map(
      (minutes) => html`<label class="choice"><input type="radio" name="minutes" .checked=${form.minutes === minutes} @change=${() => set({ minutes })} />
        <span>${minutes < 60 ? t("{count} min", { count: minutes }) : t("{count} h", { count: minutes / 60 })}
          <span class="quiet">${t("until {time}", { time: timeOfDay(now + minutes * 60_000).slice(0, 5) })}</span></span></label>`,
    )}</fieldset>`;
}

/** @param {Form} form @param {(some: Partial<Form>) => void} set */
function command(form, set) {
  return html`<p>${texts.words.action_effect?.[form.action] ? word("action_effect", form.action) : nothing}</p>
    <p class="quiet">${t("To {device}. What becomes of it is said beside the alarm.", { device: form.device })}</p>
    ${words(form, t("Why (its record keeps it; no names)"), set)}`;
}

/** @param {Form} form @param {string} label @param {(some: Partial<Form>) => void} set */
function words(form, label, set) {
  return html`<div class="field"><label for="f-words">${label}</label>
    <textarea id="f-words" rows="3" maxlength=${MOST_WORDS} aria-describedby="e-form" aria-invalid=${form.error && form.kind === "command" ? "true" : nothing}
      .value=${form.words} @input=${(/** @type {Event} */ event) => set({ words: /** @type {HTMLTextAreaElement} */ (event.target).value, error: "", isSure: false })}></textarea></div>`;
}
