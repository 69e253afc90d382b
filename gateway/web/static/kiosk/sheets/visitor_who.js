/** Step 1 of a registration: who comes. The reader's hint, the document, the name; the rest behind one touch. */

import { html, nothing } from "../sheet.js";
import { t, word } from "../../i18n.js";
import { KINDS } from "../../ui/documents.js";
import { LIMITS, VISIT_KINDS } from "./visitor_draft.js";
import { documentWord } from "./visitor_words.js";
import { chips } from "../../ui/chips.js";

/**
 * @param {import("./visitor_draft.js").Draft} draft
 * @param {Record<string, string>} errors
 * @param {(change: Partial<import("./visitor_draft.js").Draft>) => void} change
 * @param {boolean} more true if the optional fields are open
 */
export function who(draft, errors, change, more) {
  const field = (/** @type {Event} */ event) => /** @type {CustomEvent<{value: string}>} */ (event).detail.value;
  const open = more || draft.phone || draft.organisation || draft.plate;
  return html`
    <p class="lead"><span aria-hidden="true">▭</span> ${t("Lay the identity card on the reader, or type what the document says.")}</p>
    ${chips({
      name: "kind",
      label: t("Who comes"),
      chosen: [draft.kind],
      options: VISIT_KINDS.map((kind) => [kind, word("kind", kind)]),
      choose: (kind) => change({ kind, purpose: "" }),
    })}
    <div class="reg-grid of-the-document">
      <div class="reg-select">
        <label for="f-document-kind">${t("Document")}</label>
        <select
          id="f-document-kind"
          name="visitor.document.kind"
          .value=${draft.document}
          @change=${(/** @type {Event} */ event) =>
            change({ document: /** @type {HTMLSelectElement} */ (event.target).value })}
        >
          ${KINDS.map((kind) => html`<option value=${kind} ?selected=${kind === draft.document}>${documentWord(kind)}</option>`)}
        </select>
      </div>
      <wg-field
        path="visitor.document.number"
        keyboard=${draft.document === "resident_id" ? "digits" : "latin"}
        .label=${t("Number")}
        .value=${draft.number}
        .limit=${LIMITS.number}
        .error=${errors["visitor.document.number"] ?? ""}
        @wg-input=${(/** @type {Event} */ event) => change({ number: field(event) })}
      ></wg-field>
      <wg-field
        path="visitor.name"
        .label=${t("Name")}
        .value=${draft.name}
        .limit=${LIMITS.name}
        .error=${errors["visitor.name"] ?? ""}
        @wg-input=${(/** @type {Event} */ event) => change({ name: field(event) })}
      ></wg-field>
    </div>
    <details class="reg-more" ?open=${Boolean(open)}>
      <summary>${t("Telephone, organisation, number plate")} <span class="optional">${t("optional")}</span></summary>
      <div class="reg-grid">
        <wg-field
          path="visitor.phone"
          keyboard="digits"
          .label=${t("Telephone")}
          .value=${draft.phone}
          .limit=${LIMITS.phone}
          .error=${errors["visitor.phone"] ?? ""}
          @wg-input=${(/** @type {Event} */ event) => change({ phone: field(event) })}
        ></wg-field>
        <wg-field
          path="visitor.organisation"
          .label=${t("Organisation")}
          .value=${draft.organisation}
          .limit=${LIMITS.organisation}
          .error=${errors["visitor.organisation"] ?? ""}
          @wg-input=${(/** @type {Event} */ event) => change({ organisation: field(event) })}
        ></wg-field>
        <wg-field
          path="visitor.plate"
          .label=${t("Number plate")}
          .value=${draft.plate}
          .limit=${LIMITS.plate}
          .error=${errors["visitor.plate"] ?? ""}
          @wg-input=${(/** @type {Event} */ event) => change({ plate: field(event) })}
        ></wg-field>
      </div>
    </details>
    ${errors[""] ? html`<p class="error" role="alert"><span aria-hidden="true">◆</span> ${errors[""]}</p>` : nothing}
  `;
}
