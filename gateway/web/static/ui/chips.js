/** A row of choices as buttons to touch: one of them, or several. */

import { html, nothing } from "lit";

/**
 * @param {object} how
 * @param {string} how.name
 * @param {string} how.label what is chosen
 * @param {string[]} how.chosen
 * @param {string[][]} how.options value and words
 * @param {(value: string) => void} how.choose
 * @param {string} [how.error]
 * @param {boolean} [how.quiet] the label is only read out
 */
export function chips({ name, label, chosen, options, choose, error = "", quiet = false }) {
  return html`<div class="chips" role="group" aria-labelledby="c-${name}" aria-describedby=${error ? `c-${name}-error` : nothing}>
    <div class=${quiet ? "sr" : "label"} id="c-${name}">${label}</div>
    <div class="row">
      ${options.map(
        ([value = "", words = ""]) =>
          html`<button
            type="button"
            class="chip"
            data-value=${value}
            aria-pressed=${chosen.includes(value) ? "true" : "false"}
            @click=${() => choose(value)}
          >
            ${words}
          </button>`,
      )}
    </div>
    <div class="error" id="c-${name}-error" role="alert">
      ${error ? html`<span aria-hidden="true">◆</span> ${error}` : nothing}
    </div>
  </div>`;
}
