/** What stands where a tab does not load: what happened, and what to do. */

import { t } from "../i18n.js";
import { html } from "../live/parts.js";
import { Tab } from "./tab.js";

export class NoTab extends Tab {
  render() {
    return html`<div class="panel no-tab">
      <p role="alert">${t("This part of the page did not load. The other parts work; the gateway may be newer or older than this page.")}</p>
      <button type="button" @click=${() => location.reload()}>${t("Load the page anew")}</button>
    </div>`;
  }
}

customElements.define("wg-c-none", NoTab);
