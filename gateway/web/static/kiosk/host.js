/**
 * The one place where a sheet lies: over the right two thirds of the board, the waiting column stays in sight. A sheet
 * of records is covered while they are locked, and goes on where it was when they are not. Which sheet is open is
 * remembered over a reload, as in the change of the language.
 */

import { t } from "../i18n.js";
import { SHEETS } from "./sheets.js";
import { Sheet } from "./sheet.js";

const OPEN = "wg_kiosk_sheet";
/** Sheets of the shell that have no line in the bar. */
const OWN = [
  {
    name: "emergency",
    sign: "■",
    label: () => t("Lockdown and evacuation"),
    tag: "wg-s-emergency",
    load: () => import("./sheets/emergency.js"),
    right: "start_emergency",
    records: false,
    place: "none",
  },
  {
    name: "offline",
    sign: "▤",
    label: () => t("Registered without the gateway"),
    tag: "wg-s-offline",
    load: () => import("./sheets/offline.js"),
    right: "register_visits",
    records: false,
    place: "none",
  },
];

export class SheetHost {
  constructor(/** @type {HTMLElement} */ place) {
    this.place = place;
    /** @type {Sheet | null} */
    this.sheet = null;
    /** @type {{name: string, records: boolean} | null} */
    this.line = null;
    /** @type {Element | null} */
    this.from = null;
    /** Asked for while the records were locked. @type {{name: string, options: any} | null} */
    this.next = null;
    /** @type {() => void} */
    this.changed = () => {};
    /** Shows the form that unlocks. @type {() => void} */
    this.unlock = () => {};
  }

  /**
   * Open a sheet in the place of what lies there. False if it cannot be opened, or another will not close.
   * @param {import("./sheet.js").Kiosk} kiosk
   * @param {string} name
   * @param {any} [options]
   */
  async open(kiosk, name, options) {
    const line = [...SHEETS, ...OWN].find((one) => one.name === name);
    if (line === undefined || !kiosk.rights.includes(line.right)) return false;
    if (line.records && kiosk.state.locked) {
      this.next = { name, options };
      this.unlock();
      return false;
    }
    if (this.sheet !== null && !this.sheet.closing()) return false;
    const from = this.sheet === null ? document.activeElement : this.from;
    try {
      await line.load();
    } catch {
      return false;
    }
    const sheet = document.createElement(line.tag);
    if (!(sheet instanceof Sheet)) return false;
    sheet.kiosk = kiosk;
    sheet.label = line.label;
    sheet.className = `k-sheet-in k-sheet-${name}`;
    this.place.replaceChildren(sheet);
    this.place.hidden = false;
    document.body.dataset.sheet = name;
    this.sheet = sheet;
    this.line = line;
    this.from = from;
    remember({ name, options });
    sheet.opened(options ?? {});
    await sheet.updateComplete;
    const heading = sheet.querySelector("h2");
    if (heading instanceof HTMLElement && !sheet.contains(document.activeElement)) heading.focus({ preventScroll: true });
    this.changed();
    return true;
  }

  close() {
    if (this.sheet === null || !this.sheet.closing()) return;
    this.place.replaceChildren();
    this.place.hidden = true;
    delete document.body.dataset.sheet;
    this.sheet = null;
    this.line = null;
    remember(null);
    if (this.from instanceof HTMLElement) this.from.focus({ preventScroll: true });
    this.changed();
  }

  /** After a reload: what was open before. */
  async again(/** @type {import("./sheet.js").Kiosk} */ kiosk) {
    const open = recall();
    if (open !== null) await this.open(kiosk, open.name, open.options);
  }

  /** The records show again: go on with what was asked for. */
  async goOn(/** @type {import("./sheet.js").Kiosk} */ kiosk) {
    const { next } = this;
    this.next = null;
    if (next !== null) await this.open(kiosk, next.name, next.options);
  }
}

function remember(/** @type {{name: string, options: any} | null} */ open) {
  try {
    if (open === null) sessionStorage.removeItem(OPEN);
    else sessionStorage.setItem(OPEN, JSON.stringify(open));
  } catch {
    // Options that are no JSON: the sheet opens by itself after a reload, without them.
    sessionStorage.removeItem(OPEN);
  }
}

/** @returns {{name: string, options: any} | null} */
function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(OPEN) ?? "null");
  } catch {
    return null;
  }
}
