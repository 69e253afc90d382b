/** A decision in plain words: what somebody did, what was answered, and rule by rule why. Painted, nothing asked for. */

import { place, sentence, t, texts, word } from "../../i18n.js";
import { html, nothing, verdict } from "../../live/parts.js";
import { moment } from "./times.js";

/**
 * @typedef {{id: string, seq?: number, at: string, portal: string, direction: string, device: string, outcome: string,
 *   reason: string, holder: {id: string, name: string, kind: string} | null, credential: string | null, level: number,
 *   trace: {rule: string, verdict: string, reason: string | null}[], notices?: string[],
 *   answer?: {outcome: string, reason: string} | null}} Decision
 */

const COLON = texts.language === "zh" ? "：" : ": ";

/** One sentence of what happened: who, with what, where, which way, at which level. */
export function happened(/** @type {Decision} */ one) {
  const values = {
    time: moment(one.at),
    who: one.holder === null ? t("somebody unknown") : `${one.holder.name} (${word("kind", one.holder.kind)})`,
    what: one.credential === null ? t("nothing") : word("credential", one.credential),
    door: place(one.portal),
    level: one.level,
  };
  return one.direction === "in"
    ? t("{time}: {who} at {door}, to come in; showed: {what}; level L{level}.", values)
    : t("{time}: {who} at {door}, to leave; showed: {what}; level L{level}.", values);
}

/** The whole of it, as one would read it aloud. */
export function aloud(/** @type {Decision} */ one) {
  const said = sentence(one.reason);
  return html`<div class="aloud">
    <p>${happened(one)}</p>
    <p>${verdict(one.outcome)} ${said.guard}${said.hint ? html` <span class="quiet">${said.hint}</span>` : nothing}</p>
    ${one.answer ? html`<p>${t("What became of it:")} ${verdict(one.answer.outcome)} ${sentence(one.answer.reason).guard}</p>` : nothing}
    ${one.trace.length
      ? html`<ol class="trace">
          ${one.trace.map(
            (line) => html`<li data-verdict=${line.verdict}>
              <b>${word("rule", line.rule)}</b>${COLON}${word("finding", line.verdict)}${
                line.reason === null ? nothing : html` — ${without(sentence(line.reason).guard)}`
              }
            </li>`,
          )}
        </ol>`
      : html`<p class="quiet">${t("The device decided alone: there is no trace.")}</p>`}
  </div>`;
}

/** A sentence without the stop at its end: it stands in a list. */
function without(/** @type {string} */ said) {
  return said.replace(/[.。]\s*$/u, "");
}

export { COLON };
