/** What was registered while the gateway was out of reach: what waits, what was brought in, and what was not taken. */

import { t, timeOfDay } from "../../i18n.js";
import { html, nothing, Sheet } from "../sheet.js";

export class OfflineSheet extends Sheet {

  body() {
    const box = /** @type {import("../offline.js").OfflineBox} */ (/** @type {any} */ (this.kiosk.offline).box);
    return html`
      ${box.count
        ? html`<p><b>${t("{count} registrations wait for the gateway.", { count: box.count })}</b>
            ${t("They are sealed: nobody can read them here. They let nobody in until the gateway has judged them.")}</p>`
        : html`<p>${t("Nothing waits for the gateway.")}</p>`}
      ${box.refused.length
        ? html`<h3>${t("Not taken: register them once more, then take them away")}</h3>
            <ul class="k-offline">
              ${box.refused.map(
                (one) => html`<li>
                  <b>${timeOfDay(one.at)}</b>
                  <span>${one.state === "unreadable" ? t("It cannot be read by this gateway.") : t("The gateway does not take it:")}
                    ${(one.errors ?? []).map((error) => html`<span class="k-error">${error.field} ${error.message}</span>`)}</span>
                  <button type="button" @click=${() => void box.takeAway(one.key)}>${t("Take away")}</button>
                </li>`,
              )}
            </ul>`
        : nothing}
      ${box.done.length
        ? html`<h3>${t("Brought in")}</h3>
            <ul class="k-offline">
              ${box.done.map(
                (one) => html`<li>
                  <span><span aria-hidden="true">✓</span> ${one.state === "known" ? t("was known already") : t("registered")}</span>
                  ${one.visit === null
                    ? nothing
                    : html`<button type="button" @click=${() => void this.kiosk.open("visits", { visit: one.visit })}>${t("Open")}</button>`}
                </li>`,
              )}
            </ul>`
        : nothing}
    `;
  }
}

customElements.define("wg-s-offline", OfflineSheet);
