/** In the band: language, theme and sound by one touch, and whoever is signed on. */

import { t, texts } from "../i18n.js";
import { html, nothing, Part } from "../live/parts.js";
import { nextVolume, play, volume } from "./sounds.js";

const YEAR_S = 365 * 24 * 3600;

export class ToolsPart extends Part {
  static properties = { kiosk: { attribute: false }, menu: { state: true } };

  constructor() {
    super();
    /** @type {import("./sheet.js").Kiosk} */
    this.kiosk = /** @type {any} */ (null);
    this.menu = false;
    this.byCard = false;
    /** @type {() => void} */
    this.lock = () => {};
    /** @type {() => void} */
    this.unlock = () => {};
    /** @type {() => void} */
    this.signOff = () => {};
    this.onTouch = (/** @type {Event} */ event) => {
      if (this.menu && event.target instanceof Node && !this.contains(event.target)) this.menu = false;
    };
  }

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("pointerdown", this.onTouch);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("pointerdown", this.onTouch);
  }

  render() {
    if (!this.kiosk) return nothing;
    const other = texts.language === "zh" ? "en" : "zh";
    const loud = volume();
    const words = [t("Sound is off"), t("Sound: low"), t("Sound: medium"), t("Sound: loud")];
    const { locked } = this.kiosk.state;
    const who = this.kiosk.me.person ?? this.kiosk.me.user;
    return html`<div class="k-tools">
      <button type="button" lang=${other === "zh" ? "zh-Hans" : "en"} @click=${() => speak(other)}>
        ${other === "zh" ? "中文" : "EN"}
      </button>
      <button type="button" aria-label=${t("Light / dark")} title=${t("Light / dark")} @click=${otherTheme}>
        <span aria-hidden="true">◐</span>
      </button>
      <button
        type="button"
        aria-label=${words[loud]}
        title=${words[loud]}
        @click=${() => {
          nextVolume();
          play("done");
          this.requestUpdate();
        }}
      >
        <span class="k-loud" data-loud=${loud} aria-hidden="true">♪${"▮".repeat(loud)}${loud === 0 ? "✕" : ""}</span>
      </button>
      ${who
        ? html`<button
              type="button"
              class="k-user"
              aria-expanded=${this.menu}
              aria-label=${locked ? `${who}, ${t("Records are locked")}` : who}
              @click=${() => (this.menu = !this.menu)}
            >
              ${locked ? html`<span aria-hidden="true">▣</span>` : nothing}<span>${who}</span>
            </button>
            ${this.menu
              ? html`<div class="k-user-menu">
                  ${this.byCard
                    ? html`<button type="button" @click=${() => this.choose(locked ? this.unlock : this.lock)}>
                        ${locked ? t("Unlock") : t("Lock the records")}
                      </button>`
                    : nothing}
                  <button type="button" @click=${() => this.choose(this.signOff)}>${t("Sign off")}</button>
                </div>`
              : nothing}`
        : nothing}
    </div>`;
  }

  choose(/** @type {() => void} */ act) {
    this.menu = false;
    act();
  }
}

/** The page in the other language; what is typed and which sheet is open outlives it (drafts). */
function speak(/** @type {string} */ language) {
  remember("wg_language", language);
  const here = new URL(location.href);
  here.searchParams.set("lang", language);
  location.replace(here);
}

function otherTheme() {
  const chosen = document.documentElement.dataset.theme;
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  remember("wg_theme", dark ? "light" : "dark");
}

function remember(/** @type {string} */ name, /** @type {string} */ value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR_S}; SameSite=Strict${secure}`;
}

customElements.define("wg-k-tools", ToolsPart);
