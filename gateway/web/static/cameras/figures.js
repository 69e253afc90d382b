/** One small picture with what it shows, or that there is none. */

import { html } from "lit";
import { t } from "../i18n.js";

/** Where a small picture of a finding, a reference or an alarm lies. */
export function addressOf(/** @type {string} */ camera, /** @type {string} */ picture) {
  return `/api/v1/cameras/${camera}/evidence/${picture}`;
}

/**
 * @param {string | null | undefined | false} source
 * @param {string} alternative
 * @param {unknown} caption
 * @param {boolean} [old]
 */
export function figure(source, alternative, caption, old = false) {
  return html`<figure data-old=${old}>
    ${source ? html`<img src=${source} alt=${alternative} width="320" height="180" decoding="async" />` : html`<span class="thumb none"><span>${t("no picture")}</span></span>`}
    <figcaption>${caption}</figcaption>
  </figure>`;
}
