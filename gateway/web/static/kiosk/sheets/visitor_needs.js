/**
 * Step 3 of a registration: what the rules at the level in force still need, asked for at once, its answer live.
 *
 * Promises: nothing here decides; it says in words what the gateway says in codes, and offers what would help. When
 * only the document is left, one touch says that it was seen and checks in.
 */

import { html, nothing } from "../sheet.js";
import { sentence, t, timeOfDay, word } from "../../i18n.js";
import { belongingWord, documentWord, outcomeWord, refusalWord, stateWord } from "./visitor_words.js";
import { chips } from "../../ui/chips.js";

const DOCUMENT = "document_not_seen";
/** What waits for a guard's or a second person's word at the gate itself: no reason not to check in. */
const AT_THE_GATE = new Set(["guard_confirms", "second_person"]);
const REFUSALS = ["document", "level", "host_away", "belongings", "other"];

/**
 * What the step can do; the sheet carries it out.
 * @typedef {object} Acts
 * @property {() => void} checkIn
 * @property {() => void} telephone show the host's number
 * @property {(answer: "confirm" | "decline") => void} answered
 * @property {(name: string) => void} answeredBy
 * @property {() => void} askAgain
 * @property {(reason: string) => void} refuse
 * @property {(open: boolean) => void} refusing
 * @property {(name: string, options?: any) => void} open another sheet
 */

/** @typedef {{phone: string, host: {name: string}, until: string}} Telephone */

/** What keeps the visitor out besides the document, which is looked at in the same touch. @returns {string[]} */
export function missing(/** @type {any} */ visit) {
  return visit.needs.filter((/** @type {string} */ code) => code !== DOCUMENT && !AT_THE_GATE.has(code));
}

/**
 * @param {any} visit as the gateway tells it
 * @param {object} how
 * @param {number} how.now
 * @param {Telephone | null} how.telephone
 * @param {string} how.answeredBy
 * @param {boolean} how.busy
 * @param {boolean} how.refusing
 * @param {Record<string, string>} how.errors
 * @param {Acts} acts
 */
export function needs(visit, how, acts) {
  return html`
    ${about(visit)}
    ${visit.state === "expected" ? expected(visit, how, acts) : over(visit, acts)}
  `;
}

/** Who it is, whom they come to, until when. */
function about(/** @type {any} */ visit) {
  const { visitor } = visit;
  return html`<dl class="reg-about">
    <div>
      <dt>${word("kind", visit.kind)}</dt>
      <dd><b>${visitor?.name ?? t("no longer kept")}</b> ${visitor?.organisation ?? ""}</dd>
    </div>
    <div>
      <dt>${t("Document")}</dt>
      <dd>${visitor ? `${documentWord(visitor.document_kind)} …${visitor.document_ending}` : "–"}</dd>
    </div>
    <div>
      <dt>${t("To whom")}</dt>
      <dd>${visit.host?.name ?? "–"}</dd>
    </div>
    <div>
      <dt>${t("When")}</dt>
      <dd>${timeOfDay(visit.starts_at).slice(0, 5)}–${timeOfDay(visit.ends_at).slice(0, 5)}</dd>
    </div>
    ${visit.belongings.map(
      (/** @type {any} */ one) =>
        html`<div>
          <dt>${belongingWord(one.kind)}</dt>
          <dd>${one.what}: ${outcomeWord(one.outcome)}</dd>
        </div>`,
    )}
  </dl>`;
}

/** @param {any} visit @param {any} how @param {Acts} acts */
function expected(visit, how, acts) {
  const left = missing(visit);
  const early = Date.parse(visit.starts_at) > how.now + 60_000;
  const seen = visit.document_seen;
  return html`
    <ul class="reg-needs">
      ${row(seen, t("Document"), seen ? t("seen") : t("Compare the picture and the name with the person."))}
      ${visit.host_gone
        ? row(false, t("Host"), t("This person has left the school: send the visitor away, or register for somebody else."))
        : host(visit, how, acts)}
      ${left
        .filter((code) => code !== "host_not_confirmed")
        .map((code) => row(false, sentence(code).guard, whatHelps(code, visit), helpers(code, acts)))}
      ${early ? row(false, t("Time"), t("The visit begins at {time}.", { time: timeOfDay(visit.starts_at).slice(0, 5) })) : nothing}
    </ul>
    ${visit.now?.refused ? html`<p class="reg-refused" role="alert"><span aria-hidden="true">✕</span> ${refusedNow(visit)}</p>` : nothing}
    ${how.refusing ? refusing(acts) : nothing}
  `;
}

/** @param {boolean} done @param {string} what @param {string} text @param {any} [more] */
function row(done, what, text, more = nothing) {
  return html`<li data-done=${done ? "true" : "false"}>
    <span class="sign" aria-hidden="true">${done ? "✓" : "◆"}</span>
    <div><b>${what}</b> <span class="sr">${done ? t("done") : t("still needed")}: </span>${text}${more}</div>
  </li>`;
}

/** How it stands with whoever was asked. */
function asked(/** @type {any} */ visit, /** @type {string} */ name) {
  if (visit.asked?.state === "telephone") return t("No notice reaches {name}: please telephone.", { name });
  if (visit.asked?.state === "unanswered") return t("{name} does not answer the notices: please telephone.", { name });
  return t("{name} was asked and has not answered yet. The answer appears here.", { name });
}

/** The host's or teacher's word: asked by a notice, answered live, or on the telephone. */
function host(/** @type {any} */ visit, /** @type {any} */ how, /** @type {Acts} */ acts) {
  const what = visit.kind === "guardian" ? t("Teacher") : t("Host");
  const name = visit.host?.name ?? "";
  if (visit.confirmed) {
    const by = visit.by_telephone
      ? t("confirmed on the telephone by {name}", { name: visit.answered_by })
      : t("{name} has confirmed", { name });
    return row(true, what, by);
  }
  if (!visit.needs.includes("host_not_confirmed")) return nothing;
  return row(
    false,
    what,
    asked(visit, name),
    html`<div class="reg-host">
      ${how.telephone === null
        ? html`<button type="button" @click=${acts.telephone}><span aria-hidden="true">☎</span> ${t("Telephone the host")}</button>
            <button type="button" @click=${acts.askAgain}>${t("Ask again")}</button>`
        : html`<p class="phone">
              <span aria-hidden="true">☎</span> <b>${how.telephone.phone}</b> ${how.telephone.host.name}
            </p>
            <wg-field
              path="answered_by"
              .label=${t("Who answered")}
              .value=${how.answeredBy}
              .limit=${64}
              .error=${how.errors["answered_by"] ?? ""}
              @wg-input=${(/** @type {CustomEvent<{value: string}>} */ event) => acts.answeredBy(event.detail.value)}
            ></wg-field>
            <button type="button" class="main" @click=${() => acts.answered("confirm")}>${t("The host says yes")}</button>
            <button type="button" @click=${() => acts.answered("decline")}>${t("The host says no")}</button>`}
    </div>`,
  );
}

/** One sentence for what no touch at the gate changes, with what is possible instead. @returns {string} */
function refusedNow(/** @type {any} */ visit) {
  const code = visit.now.reason;
  if (code === "level_refuses" || code === "handover_at_gate") {
    return visit.kind === "guardian" || visit.kind === "visitor"
      ? t("Not let in at the level in force. The host can come to the gate, and things can be left at the shelf.")
      : t("Not let in at the level in force. Goods can be handed over at the gate; the duty leader can authorise.");
  }
  return `${sentence(code).guard} ${sentence(code).hint}`;
}

/** What would help; said once, below, where nothing at the gate does. @returns {string} */
function whatHelps(/** @type {string} */ code, /** @type {any} */ visit) {
  return visit.now?.refused && visit.now.reason === code ? "" : sentence(code).hint;
}

function helpers(/** @type {string} */ code, /** @type {Acts} */ acts) {
  const calls = ["authorisation_required", "office_consent_required", "entry_banned", "level_refuses", "appointment_required"];
  if (!calls.includes(code)) return nothing;
  return html`<div class="reg-host">
    <button type="button" @click=${() => acts.open("call")}><span aria-hidden="true">☎</span> ${t("Call")}</button>
  </div>`;
}

function refusing(/** @type {Acts} */ acts) {
  return chips({
    name: "refusal",
    label: t("Send away because of"),
    chosen: [],
    options: REFUSALS.map((reason) => [reason, refusalWord(reason)]),
    choose: acts.refuse,
  });
}

/** It is not expected any more: inside, gone, sent away. */
function over(/** @type {any} */ visit, /** @type {Acts} */ acts) {
  const inside = visit.state === "checked_in";
  const reason = visit.refusal ? `: ${refusalWord(visit.refusal)}` : "";
  return html`<p class="reg-over" data-state=${visit.state} role="status">
      <span aria-hidden="true">${inside ? "✓" : "✕"}</span>
      ${stateWord(visit.state)}${reason}
      ${inside && visit.checked_in_at ? timeOfDay(visit.checked_in_at).slice(0, 5) : nothing}
    </p>
    ${inside
      ? html`<div class="reg-host">
          <button type="button" @click=${() => acts.open("pass", { visit: visit.id })}>${t("Show the pass")}</button>
        </div>`
      : nothing}`;
}
