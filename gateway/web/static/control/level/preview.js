/** What an order will change, in numbers, before it is done. A leaf: it gets the preview and asks nothing. */

import { sentence, t, word } from "../../i18n.js";
import { html, nothing, Part } from "../../live/parts.js";
import { headline, lines, pastInWords, withoutEffect } from "./preview_lines.js";

const TURNS_SHOWN = 8;

export class PreviewPart extends Part {
  static properties = { preview: { attribute: false }, old: { attribute: false } };

  constructor() {
    super();
    /** @type {import("./preview_lines.js").Preview | null} */
    this.preview = null;
    /** Something was typed since: the numbers are of what was there before. */
    this.old = false;
  }

  render() {
    const { preview } = this;
    if (preview === null) return nothing;
    const none = withoutEffect(preview);
    return html`<section class="preview" data-old=${this.old} data-drill=${preview.drill} aria-labelledby="h-preview">
      <h3 id="h-preview">${t("What it will change")}${preview.drill ? html` <span class="drill">${t("DRILL")}</span>` : nothing}</h3>
      ${none ? html`<p class="warn"><span aria-hidden="true">▲</span> ${none}</p>` : html`<p class="headline">${headline(preview)}</p>`}
      <dl class="changes">
        ${lines(preview).map(
          (one) => html`<div data-mark=${one.mark}>
            <dt>${one.label}</dt>
            <dd><b>${one.mark ? html`<span aria-hidden="true">▲</span> ` : nothing}${one.value}</b> ${one.note ? html`<span class="note">${one.note}</span>` : nothing}</dd>
          </div>`,
        )}
      </dl>
      ${this.past(preview)}
    </section>`;
  }

  past(/** @type {import("./preview_lines.js").Preview} */ preview) {
    const said = pastInWords(preview);
    if (!said) return nothing;
    const { turns } = preview.past;
    return html`<h4>${t("The last seven days, decided again")}</h4>
      <p>${said}</p>
      ${turns.length
        ? html`<table class="turns">
            <caption class="sr">${t("Taps that would have been answered differently")}</caption>
            <thead><tr><th scope="col">${t("instead of")}</th><th scope="col">${t("now")}</th><th scope="col">${t("whom")}</th><th scope="col" class="number">${t("taps")}</th></tr></thead>
            <tbody>
              ${turns.slice(0, TURNS_SHOWN).map(
                (one) => html`<tr>
                  <td>${word("verdict", one.before)}</td>
                  <td>${word("verdict", one.after)}${one.after === "grant" ? nothing : html`<span class="note">${sentence(one.reason).guard}</span>`}</td>
                  <td>${word("kind", one.kind)}</td>
                  <td class="number">${one.count}</td>
                </tr>`,
              )}
            </tbody>
          </table>`
        : nothing}`;
  }
}

customElements.define("wg-l-preview", PreviewPart);
