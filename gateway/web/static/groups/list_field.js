/** The list of a group: lines to type or paste, a file, how many that makes, and what is wrong in which line. */

import { html, nothing } from "lit";
import { t } from "../i18n.js";
import { textOf } from "./list.js";

/**
 * @param {object} how
 * @param {string} how.rows
 * @param {number} how.count people on the list
 * @param {import("./list.js").Fault[]} how.faults
 * @param {string} how.error
 * @param {(rows: string) => void} how.change
 * @param {(text: string) => void} how.wrong a file that was none
 */
export function listField({ rows, count, faults, error, change, wrong }) {
  const bad = faults.length > 0 || error !== "";
  return html`<div class="field group-list">
    <label for="f-rows">${t("The others, one on each line")}</label>
    <p class="hint" id="h-rows">${t("A name; or name, kind of document, number. Lists can be pasted. The leader is not on it.")}</p>
    <textarea
      id="f-rows"
      name="rows"
      rows="6"
      autocomplete="off"
      spellcheck="false"
      aria-describedby="h-rows e-rows n-rows"
      aria-invalid=${bad ? "true" : nothing}
      .value=${rows}
      @input=${(/** @type {Event} */ event) => change(/** @type {HTMLTextAreaElement} */ (event.target).value)}
    ></textarea>
    <div class="error" id="e-rows" role="alert">
      ${error ? html`<p><span aria-hidden="true">◆</span> ${error}</p>` : nothing}
      ${faults.length
        ? html`<ul>
            ${faults.slice(0, 20).map((one) => html`<li><span aria-hidden="true">◆</span> ${t("line {number}", { number: one.line })}: ${one.text}</li>`)}
            ${faults.length > 20 ? html`<li>${t("and {count} more lines", { count: faults.length - 20 })}</li>` : nothing}
          </ul>`
        : nothing}
    </div>
    <div class="group-count">
      <output id="n-rows" for="f-rows"><b>${t("{count} people with the leader", { count: count + 1 })}</b></output>
      <span class="pick">
        <input class="sr" id="f-list-file" type="file" accept=".csv,.txt,text/csv,text/plain" data-keyboard="none"
          @change=${async (/** @type {Event} */ event) => {
            const input = /** @type {HTMLInputElement} */ (event.target);
            const file = input.files?.[0];
            if (!file) return;
            try {
              change(await textOf(file));
            } catch (problem) {
              wrong(problem instanceof Error ? problem.message : String(problem));
            }
            input.value = "";
          }} />
        <label class="button" for="f-list-file"><span aria-hidden="true">▤</span> ${t("Take a list from a file")}</label>
      </span>
    </div>
  </div>`;
}
