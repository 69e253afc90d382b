/**
 * A new order: own, unified, or by word. First what it will change, in numbers; then it is sent.
 *
 * Promises: what was typed stays, whatever is wrong with it; nothing can be sent whose numbers were not shown as it
 * stands, or said to be unknown. Leaves to others: asking and sending (the tab).
 */

import { place, t, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { chips } from "../../ui/chips.js";
import "../../ui/field.js";
import { headline } from "./preview_lines.js";
import { needsNumber } from "./draft.js";

/** @typedef {import("./draft.js").Draft} Draft */
/** @typedef {{set: (some: Partial<Draft>, ...paths: string[]) => void, weigh: () => void, send: () => void, close: () => void}} Acts */
/** @typedef {{preview: import("./preview_lines.js").Preview | null, of: string, failed: string}} Weighed */

/**
 * @param {object} how
 * @param {Draft} how.draft
 * @param {Record<string, string>} how.errors
 * @param {string[]} how.zones
 * @param {Weighed | null} how.weighed
 * @param {boolean} how.isCurrent what was weighed is what stands here
 * @param {string} how.busy
 * @param {string[]} how.ways
 * @param {Acts} acts
 */
export function orderForm({ draft, errors, zones, weighed, isCurrent, busy, ways }, acts) {
  const { way } = draft;
  const text = (/** @type {keyof Draft & string} */ name, /** @type {string} */ path, /** @type {string} */ label, /** @type {number} */ limit, optional = false, hint = "") =>
    html`<wg-field path=${path} .label=${label} .value=${String(draft[name])} .limit=${limit} .optional=${optional} .hint=${hint} .error=${errors[path] ?? ""}
      @wg-input=${(/** @type {CustomEvent<{value: string}>} */ event) => acts.set({ [name]: event.detail.value }, path)}></wg-field>`;
  const names = /** @type {Record<string, string>} */ ({ own: t("The school's own"), unified: t("Unified, of the superior"), oral: t("By word, at night") });
  return html`<form class="order-form" data-drill=${draft.drill} @submit=${(/** @type {Event} */ event) => {
    event.preventDefault();
    acts.send();
  }}>
    ${chips({ name: "way", label: t("Whose order"), chosen: [way], options: ways.map((one) => [one, names[one] ?? one]), choose: (one) => acts.set({ way: /** @type {any} */ (one) }, "document", "starts_at") })}
    <p class="quiet">${explained(way)}</p>
    ${chips({
      name: "level",
      label: t("Level"),
      chosen: [String(draft.level)],
      options: [["2", `L2 ▮▮ ${word("level", "2")}`], ["1", `L1 ▮▮▮ ${word("level", "1")}`]],
      choose: (one) => acts.set({ level: Number(one) }, "level"),
      error: errors["level"] ?? "",
    })}
    ${chips({
      name: "zones",
      label: t("Applies to"),
      chosen: draft.zones.length ? draft.zones : [""],
      options: [["", t("the whole site")], ...zones.map((zone) => [zone, place(zone)])],
      choose: (one) => acts.set({ zones: one === "" ? [] : draft.zones.includes(one) ? draft.zones.filter((zone) => zone !== one) : [...draft.zones, one] }, "zones"),
      error: errors["zones"] ?? "",
    })}
    <div class="spans">
      ${way === "oral"
        ? nothing
        : when("from", t("From"), t("from now on"), draft.now, draft.from, errors["starts_at"] ?? "", (on) => acts.set({ now: on }, "starts_at"), (value) => acts.set({ from: value }, "starts_at"))}
      ${when("to", t("Until"), t("open: until it is revoked"), draft.open, draft.to, errors["ends_at"] ?? "", (on) => acts.set({ open: on }, "ends_at"), (value) => acts.set({ to: value }, "ends_at"))}
    </div>
    ${way === "oral" ? text("leader", "document.from", t("Leader who gave it by word (user name)"), 64) : nothing}
    ${way === "unified"
      ? html`<label class="choice"><input type="checkbox" .checked=${draft.byWord} @change=${(/** @type {Event} */ event) => acts.set({ byWord: checked(event) }, "document")} />
            <span>${t("It came by word; the number follows within 24 hours")}</span></label>
          ${draft.byWord ? text("office", "document.from", t("Which office gave it"), 100) : nothing}`
      : nothing}
    ${needsNumber(draft)
      ? text("document", "document", t("Document number"), 100)
      : text("callBack", "document.call_back", t("Number to call back"), 40, true)}
    ${text("reason", "reason", t("Reason"), 500)}
    <label class="choice drill-choice"><input type="checkbox" .checked=${draft.drill} @change=${(/** @type {Event} */ event) => acts.set({ drill: checked(event) }, "drill")} />
      <span>${t("This is a drill")}</span></label>
    ${weighing(weighed, isCurrent)}
    <div class="acts">
      <button type="button" class=${isCurrent ? "" : "main"} aria-busy=${busy === "weigh"} @click=${() => acts.weigh()}>${t("1. Show what it will change")}</button>
      ${isCurrent ? html`<button type="submit" class="main" aria-busy=${busy === "send"}>${sendWords(draft, weighed)}</button>` : nothing}
    </div>
    ${isCurrent ? nothing : html`<p class="quiet">${t("Nothing is sent by this. The second step comes with the numbers.")}</p>`}
  </form>`;
}

/** @param {Weighed | null} weighed @param {boolean} isCurrent */
function weighing(weighed, isCurrent) {
  if (weighed === null) return nothing;
  if (weighed.failed) return html`<p class="warn" role="alert"><span aria-hidden="true">◆</span> ${t("What it will change could not be worked out: {why}", { why: weighed.failed })}</p>`;
  return html`<wg-l-preview .preview=${weighed.preview} .old=${!isCurrent}></wg-l-preview>`;
}

function sendWords(/** @type {Draft} */ draft, /** @type {Weighed | null} */ weighed) {
  const numbers = weighed?.preview ? headline(weighed.preview) : t("not worked out");
  const drill = draft.drill ? `${t("DRILL")} ` : "";
  switch (draft.way) {
    case "oral":
      return `${drill}${t("2. Raise now: {numbers}", { numbers })}`;
    case "unified":
      return `${drill}${t("2. Record it: {numbers}", { numbers })}`;
    default:
      return `${drill}${t("2. Request it: {numbers}", { numbers })}`;
  }
}

function explained(/** @type {string} */ way) {
  switch (way) {
    case "unified":
      return t("It counts from the time it names, at once. A principal countersigns within 24 hours; only the superior's own cancellation ends it early.");
    case "oral":
      return t("A leader who is not there raises by telephone. It counts at once; the leader confirms it at their own sign-in, and the number follows, both within 24 hours. By word nothing is lowered.");
    default:
      return t("A principal signs it, never the one who requests it. Until then nothing changes.");
  }
}

/**
 * @param {string} name @param {string} label @param {string} otherwise @param {boolean} isOff @param {string} value
 * @param {string} error @param {(on: boolean) => void} toggle @param {(value: string) => void} typed
 */
function when(name, label, otherwise, isOff, value, error, toggle, typed) {
  return html`<fieldset class="when"><legend>${label}</legend>
    <label class="choice"><input type="checkbox" .checked=${isOff} @change=${(/** @type {Event} */ event) => toggle(checked(event))} /> <span>${otherwise}</span></label>
    ${isOff
      ? nothing
      : html`<label class="sr" for=${`f-${name}`}>${label}</label>
          <input id=${`f-${name}`} type="datetime-local" .value=${value} aria-invalid=${error ? "true" : nothing} aria-describedby=${`e-${name}`}
            @input=${(/** @type {Event} */ event) => typed(/** @type {HTMLInputElement} */ (event.target).value)} />`}
    <p class="error" id=${`e-${name}`} role="alert">${error ? html`<span aria-hidden="true">◆</span> ${error}` : nothing}</p>
  </fieldset>`;
}

function checked(/** @type {Event} */ event) {
  return /** @type {HTMLInputElement} */ (event.target).checked;
}
