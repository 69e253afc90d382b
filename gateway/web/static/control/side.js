/**
 * The panel at the side: all keys, and what one wants of this page. It covers no alarm, takes no key but its own, and
 * gives the keyboard back to where it was.
 */

import { t, texts } from "../i18n.js";
import { html, nothing, Part } from "../live/parts.js";
import { chooseTheme, keep, settings, theme } from "./settings.js";

/** @typedef {import("./settings.js").Settings} Settings */

export class SidePart extends Part {
  static properties = { shows: { state: true }, tabs: { attribute: false }, rights: { attribute: false }, user: { attribute: false } };

  constructor() {
    super();
    /** @type {"" | "keys" | "settings"} */
    this.shows = "";
    /** Name and letter of each tab that is there. @type {[string, string][]} */
    this.tabs = [];
    /** What this user may do: no key is named that does nothing for them. @type {string[]} */
    this.rights = [];
    this.user = "";
    /** @type {HTMLElement | null} */
    this.cameFrom = null;
    /** Told when something was set. */
    this.changed = () => {};
    /** Play a priority's tone, so that one hears how loud it is. @type {(night: boolean) => void} */
    this.hear = () => {};
  }

  open(/** @type {"keys" | "settings"} */ what) {
    if (this.shows === what) {
      this.close();
      return;
    }
    if (!this.shows) this.cameFrom = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    this.shows = what;
    void this.updateComplete.then(() => /** @type {HTMLElement | null} */ (this.querySelector(".side button"))?.focus());
  }

  /** @returns {boolean} true if there was something to close */
  close() {
    if (!this.shows) return false;
    this.shows = "";
    const back = this.cameFrom;
    void this.updateComplete.then(() => back?.isConnected && back.focus());
    return true;
  }

  render() {
    if (!this.shows) return nothing;
    const title = this.shows === "keys" ? t("All keys") : t("This page's settings");
    return html`<aside class="side" aria-labelledby="h-shell-side">
      <div class="head"><h2 id="h-shell-side">${title}</h2><button type="button" class="small" @click=${() => this.close()}>${t("Esc: back")}</button></div>
      ${this.shows === "keys" ? this.keys() : this.settings()}
    </aside>`;
  }

  keys() {
    const row = (/** @type {string} */ key, /** @type {string} */ what) => html`<dt>${key.split(" ").map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${what}</dd>`;
    const may = (/** @type {string} */ right) => this.rights.includes(right);
    return html`<dl class="keys-list">
      ${may("watch") ? row("J K", t("next, previous alarm")) : nothing}
      ${may("watch") && may("acknowledge_alarms") ? html`${row("A", t("acknowledge the chosen alarm"))} ${row("1 … 9", t("tick a step of what to do"))}` : nothing}
      ${row("/", t("find"))} ${may("close_alarms") ? row("P", t("say that you are there")) : nothing} ${row("Esc", t("close the side panel"))} ${row("?", t("all keys"))}
      ${this.tabs.map(([name, letter]) => row(`G ${letter.toUpperCase()}`, name))}
    </dl>
    ${settings().letters ? nothing : html`<p class="notice">${t("Keys of a single letter are switched off in the settings.")}</p>`}`;
  }

  set(/** @type {Partial<Settings>} */ some) {
    keep(some);
    this.changed();
    this.requestUpdate();
  }

  settings() {
    const now = settings();
    return html`
      ${this.volume("volume", t("Volume of alarms"), now.volume)} ${this.volume("nightVolume", t("Volume at night"), now.nightVolume)}
      <div class="pair">${this.time("nightFrom", t("Night from"), now.nightFrom)} ${this.time("nightTo", t("Night until"), now.nightTo)}</div>
      <label class="choice"><input type="checkbox" .checked=${now.letters} @change=${(/** @type {Event} */ event) => this.set({ letters: checked(event) })} />
        <span>${t("Keys of a single letter act (J, K, A, G …)")}</span></label>
      <fieldset><legend>${t("Light or dark")}</legend>
        ${this.look("", t("as the computer"))} ${this.look("light", t("light"))} ${this.look("dark", t("dark"))}</fieldset>
      <p class="quiet">${t("Kept in this browser only.")}</p>
      ${this.account()}`;
  }

  /** What stands in the band where there is room for it. */
  account() {
    const other = texts.language === "zh" ? "en" : "zh";
    return html`<div class="account acts">
      <span>${this.user}</span>
      <button type="button" data-set="language" data-to=${other} lang=${other === "zh" ? "zh-Hans" : "en"}>${other === "zh" ? "中文" : "English"}</button>
      <button type="button" data-sign-out>${t("Sign out")}</button>
    </div>`;
  }

  /** @param {"volume" | "nightVolume"} name @param {string} label @param {number} value */
  volume(name, label, value) {
    return html`<div class="field"><label for=${`f-${name}`}>${label}</label>
      <input id=${`f-${name}`} type="range" min="0" max="4" step="1" .value=${String(value)} aria-valuetext=${value ? t("{count} of 4", { count: value }) : t("silent")}
        @change=${(/** @type {Event} */ event) => {
          this.set({ [name]: Number(/** @type {HTMLInputElement} */ (event.target).value) });
          this.hear(name === "nightVolume");
        }} /><span class="quiet">${value ? t("{count} of 4", { count: value }) : t("silent")}</span></div>`;
  }

  /** @param {"nightFrom" | "nightTo"} name @param {string} label @param {string} value */
  time(name, label, value) {
    return html`<div class="field"><label for=${`f-${name}`}>${label}</label>
      <input id=${`f-${name}`} type="time" .value=${value} @change=${(/** @type {Event} */ event) => {
        const wanted = /** @type {HTMLInputElement} */ (event.target).value;
        if (wanted) this.set({ [name]: wanted });
      }} /></div>`;
  }

  /** @param {"" | "light" | "dark"} wanted @param {string} text */
  look(wanted, text) {
    return html`<label class="choice"><input type="radio" name="look" .checked=${theme() === wanted} @change=${() => {
      chooseTheme(wanted);
      this.requestUpdate();
    }} /> <span>${text}</span></label>`;
  }
}

function checked(/** @type {Event} */ event) {
  return /** @type {HTMLInputElement} */ (event.target).checked;
}

customElements.define("wg-c-side", SidePart);
