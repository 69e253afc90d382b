/**
 * What the card of a vehicle that waits shows beyond everybody's: the plate as it was read, large, and the registered
 * plates that the camera may have meant, as buttons. A touch on one asks the rules about that plate; none is chosen by
 * itself. A plate that nobody has cannot be let in as it stands: the guard types the right one, or refuses.
 */

import { t, word } from "../i18n.js";
import { dotted, html, nothing } from "../live/parts.js";

/** @typedef {{plate: string, holder: {name: string, kind: string} | null, kind: string | null}} Proposal */

/** True for a plate that was read on the way in. */
export function isPlate(/** @type {any} */ row) {
  return row.credential === "plate" && row.direction === "in";
}

/**
 * @param {any} row who waits
 * @param {boolean} busy
 * @param {(plate: string) => void} choose
 * @param {() => void} type opens the pad
 */
export function plateChoices(row, busy, choose, type) {
  const proposals = /** @type {Proposal[]} */ (row.proposals ?? []);
  return html`<div class="k-plates">
    ${row.plate && !row.holder ? html`<p class="why">${t("Nobody has this plate. Compare it with the picture.")}</p>` : nothing}
    ${proposals.length
      ? html`<p class="k-plates-head">${t("Or is it one of these?")}</p>
          <ul>
            ${proposals.map(
              (one) => html`<li>
                <button type="button" class="k-plate" aria-busy=${busy} ?disabled=${busy} @click=${() => choose(one.plate)}>
                  <b>${one.plate}</b>
                  <span>${dotted(one.holder?.name, one.kind && word("vehicle", one.kind))}</span>
                </button>
              </li>`,
            )}
          </ul>`
      : nothing}
    <button type="button" class="k-plate-type" ?disabled=${busy} @click=${type}>
      <span aria-hidden="true">⌨</span> ${t("Type the plate")}
    </button>
  </div>`;
}
