/** A code to be sent or printed: its picture, its link, and a button that copies the link. */

import { html, nothing } from "lit";
import { ask } from "../api.js";
import { t } from "../i18n.js";

/** @typedef {{value: string, link: string, svg: string}} Code */

/** @returns {Promise<Code>} */
export async function codeOf(/** @type {string} */ value) {
  const { svg } = await ask("POST", "passes/draw", { value });
  return { value, link: `${location.origin}/p#${value}`, svg };
}

/**
 * @param {Code} code
 * @param {string} words what it is for
 * @param {(text: string) => void} say
 */
export function codePart(code, words, say) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(code.link);
      say(t("Copied."));
    } catch {
      say(t("It could not be copied. Please press long on the link."));
    }
  };
  return html`<div class="code">
    <img alt=${t("The code, for the reader at the gate")} width="232" height="232" src=${`data:image/svg+xml,${encodeURIComponent(code.svg)}`} />
    <p>${words}</p>
    <p><a href=${code.link}>${code.link}</a></p>
    <div class="acts">
      ${typeof navigator.clipboard?.writeText === "function" ? html`<button type="button" @click=${copy}>${t("Copy the link")}</button>` : nothing}
      <button type="button" @click=${() => window.print()}>${t("Print")}</button>
    </div>
  </div>`;
}
