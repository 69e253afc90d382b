/** What the sections of administration have in common: who looks, what time it is, and how a time is written. */

import { texts } from "../../i18n.js";
import { DeskPart } from "../../desk/desk_part.js";

const moment = new Intl.DateTimeFormat(texts.language === "zh" ? "zh-CN" : "en-GB", {
  timeZone: texts.timezone,
  dateStyle: "medium",
  timeStyle: "short",
  hourCycle: "h23",
});

export class Section extends DeskPart {
  constructor() {
    super();
    /** What this user may do. @type {string[]} */
    this.rights = [];
    /** The gateway's time in ms. @type {() => number} */
    this.now = () => Date.now();
  }

  may(/** @type {string} */ right) {
    return this.rights.includes(right);
  }

  /** The first touch asks for a second one. @returns {boolean} true at the second */
  isSure(/** @type {string} */ what) {
    if (this.sure === what) return true;
    this.put({ sure: what });
    return false;
  }
}

/** A day and time on the site's clock. */
export function said(/** @type {string | number} */ at) {
  return moment.format(new Date(at));
}

/** Minutes since midnight as a time of day. */
export function clockOf(/** @type {number} */ minutes) {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** The value of the field in which somebody types. */
export function typed(/** @type {Event} */ event) {
  return /** @type {HTMLInputElement} */ (event.target).value;
}
