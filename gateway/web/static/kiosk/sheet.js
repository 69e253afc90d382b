/**
 * What every sheet of the kiosk is: a panel over the right two thirds of the board, opened by a line of sheets.js.
 *
 *   import { Sheet, html } from "../sheet.js";
 *   export class VehicleSheet extends Sheet {
 *     static properties = { ...Sheet.properties, plate: { state: true } };
 *     body() { return html`…`; }                   // what it shows; heading, close button and said line are Sheet's
 *     opened(options) {}                           // once, with what kiosk.open(name, options) was given
 *     hear(event) {}                               // every event of the stream: decision, waiting, visit, alarm …
 *     heading() { return t("Vehicle"); }           // if it is another than its label in sheets.js
 *     closing() { return true; }                   // false keeps it open, as while something is under way
 *   }
 *   customElements.define("wg-s-vehicle", VehicleSheet);
 *
 * `this.kiosk` (below) is all that a sheet knows of the world: no fetch of its own but `this.kiosk.ask`.
 * `this.say(text, kind)` shows a line in place ("" takes it away); kind: "done" | "wrong" | "notice".
 * A sheet is painted anew whenever the kiosk's state changes, so `body()` may read `this.kiosk.state` freely.
 * Errors of `ask` are a Problem (api.js): `message` in the reader's language, `kind`, `status`, `errors: [{field,
 * message}]`, `detail`. What was typed stays; keep it over a reload by `this.kiosk.draft(name).save(value)`.
 *
 * @typedef {object} Draft kept encrypted on this machine until signing off; values are JSON
 * @property {() => Promise<any>} load what was saved last, or null
 * @property {(value: any) => Promise<void>} save
 * @property {() => Promise<void>} clear
 *
 * @typedef {object} Offline registering while the gateway is out of reach
 * @property {(registration: any) => Promise<void>} seal keeps it sealed; it is brought in when the gateway is back.
 *   `registration` is the body of POST visits, with its `key`; afterwards nobody can read it here any more.
 * @property {() => Promise<number>} waiting how many are kept and not yet brought in
 * @property {import("./offline.js").OfflineBox} box
 *
 * @typedef {object} Kiosk
 * @property {{id: string, name: {en: string, zh: string}, portals: any[], devices: any[], post: any, zones: string[],
 *   around: string[]}} gate
 * @property {{id: string, name: {en: string, zh: string}, kind: string, directions: string[], zone: string}[]} portals
 * @property {string[]} rights
 * @property {{user: string, person: string | null}} me
 * @property {() => number} now the gateway's time in ms; use it, never Date.now(), for what a guard reads
 * @property {(method: string, path: string, body?: object) => Promise<any>} ask path below /api/v1/; throws a Problem
 * @property {(name: string, options?: any) => Promise<boolean>} open another sheet instead of this one
 * @property {() => void} close
 * @property {import("./state.js").KioskState} state {waiting, taps, devices, alarms, level, online, locked, …}
 * @property {(name: string) => Draft} draft
 * @property {Offline} offline
 * @property {(sound: "grant" | "refuse" | "wait" | "alarm" | "done") => void} sound
 * @property {() => boolean} unlocked true where records show; else shows the form that unlocks
 */

import { html, nothing, Part } from "../live/parts.js";
import { t } from "../i18n.js";

export class Sheet extends Part {
  static properties = {
    kiosk: { attribute: false },
    label: { attribute: false },
    said: { state: true },
  };

  constructor() {
    super();
    /** @type {Kiosk} */
    this.kiosk = /** @type {any} */ (null);
    /** @type {() => string} */
    this.label = () => "";
    /** @type {{text: string, kind: string}} */
    this.said = { text: "", kind: "notice" };
  }

  opened(/** @type {any} */ _options) {}

  hear(/** @type {any} */ _event) {}

  closing() {
    return true;
  }

  heading() {
    return this.label();
  }

  /** @returns {any} */
  body() {
    return nothing;
  }

  say(/** @type {string} */ text, /** @type {"done" | "wrong" | "notice"} */ kind = "notice") {
    this.said = { text, kind };
  }

  render() {
    return html`
      <header class="k-sheet-head">
        <h2 id="h-sheet" tabindex="-1">${this.heading()}</h2>
        <button type="button" class="k-close" @click=${() => this.kiosk.close()}>
          <span aria-hidden="true">✕</span> ${t("Close")}
        </button>
      </header>
      <p class="k-said" role="status" data-kind=${this.said.kind} ?hidden=${!this.said.text}>${this.said.text}</p>
      <div class="k-sheet-body">${this.body()}</div>
    `;
  }
}

export { html, nothing, Part };
