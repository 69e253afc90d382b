/** How much goes on at each portal: the last minute by verdict, the last quarter of an hour as bars. */

import { place, t, texts, word } from "../i18n.js";
import { html, Part } from "./parts.js";
import { svg } from "lit";

/** @typedef {import("../store.js").Count} Count */

const MINUTES = 15;
const STEP = 4;
const HEIGHT = 18;
const SIGNS = /** @type {["grant" | "deny" | "wait", string][]} */ ([
  ["grant", "✓"],
  ["deny", "✕"],
  ["wait", "…"],
]);

export class CountsPart extends Part {
  static properties = { counts: { attribute: false } };

  constructor() {
    super();
    /** @type {Record<string, Count>} */
    this.counts = {};
  }

  render() {
    const most = Math.max(1, ...Object.values(this.counts).flatMap((row) => row.minutes));
    return html`
      <h2 class="head" id="h-counts">${t("Last minute")}</h2>
      <div class="scroll" tabindex="0" role="group" aria-labelledby="h-counts">
        <table class="counts">
          <thead>
            <tr>
              <th scope="col">${t("Portal")}</th>
              ${SIGNS.map(
                ([outcome, sign]) =>
                  html`<th scope="col">
                    <span aria-hidden="true">${sign}</span><span class="sr">${word("verdict", outcome)}</span>
                  </th>`,
              )}
              <th scope="col" class="minutes">${t("15 min")}</th>
            </tr>
          </thead>
          <tbody>
            ${texts.portals.map((id) => this.row(id, this.counts[id], most))}
          </tbody>
        </table>
      </div>
    `;
  }

  row(/** @type {string} */ id, /** @type {Count | undefined} */ row, /** @type {number} */ most) {
    const minutes = (row?.minutes ?? []).slice(-MINUTES);
    const all = minutes.reduce((sum, count) => sum + count, 0);
    return html`<tr>
      <th scope="row">${place(id)}</th>
      ${SIGNS.map(([outcome]) => {
        const count = row?.[outcome] ?? 0;
        return html`<td class=${count ? "" : "none"}>${count}</td>`;
      })}
      <td class="minutes">
        <span class="sr">${all}</span>
        <svg viewBox="0 0 ${MINUTES * STEP} ${HEIGHT}" aria-hidden="true">
          ${minutes.map((count, at) => bar(count / most, MINUTES - minutes.length + at))}
        </svg>
      </td>
    </tr>`;
  }
}

/** One minute's bar; a minute without taps has a line to stand on. */
function bar(/** @type {number} */ share, /** @type {number} */ at) {
  const height = Math.max(1, share * HEIGHT);
  return svg`<rect x=${at * STEP} y=${HEIGHT - height} width=${STEP - 1} height=${height}></rect>`;
}

customElements.define("wg-counts", CountsPart);
