/**
 * What every tab of the control room is: `<wg-c-TAB>` in `static/control/TAB/main.js`, loaded when it is first opened.
 *
 * Promises: the properties below are given by the shell (`main.js`) before the tab is first painted and again whenever
 * the state changes, ten times a second at most; `load()` runs each time the tab is opened and after each act of its
 * own (see `DeskPart`); a tab that is not shown costs nothing and hears nothing. A tab stays in memory, so what was
 * typed in it is there when somebody comes back.
 */

import { DeskPart } from "../desk/desk_part.js";
import { NOTHING_YET } from "./state.js";

/** The tab's own styles, asked for once: call it at the top of the tab's module. `sheet("/static/control/TAB/TAB.css")` */
export function sheet(/** @type {string} */ address) {
  if (document.querySelector(`link[href="${address}"]`)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  document.head.append(link);
}

export class Tab extends DeskPart {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    state: { attribute: false },
    rights: { attribute: false },
    user: { attribute: false },
    room: { attribute: false },
    path: { attribute: false },
    stale: { attribute: false },
    wall: { attribute: false },
  };

  constructor() {
    super();
    /** The whole live state. @type {import("./state.js").State} */
    this.state = NOTHING_YET;
    /** What this user may do. @type {string[]} */
    this.rights = [];
    /** The user's name. */
    this.user = "";
    /** The control room at which somebody sits; "": all of them. */
    this.room = "";
    /** What stands in the address behind the tab: `#devices/gate-1/events` → ["gate-1", "events"]. @type {string[]} */
    this.path = [];
    /** The stream is cut: what is shown may be old. */
    this.stale = false;
    /** On a wall: nothing to press, big type. */
    this.wall = false;
    /** The gateway's time in ms. @type {() => number} */
    this.now = () => Date.now();
    /** Go to a tab, and to something in it. @type {(tab: string, ...path: string[]) => void} */
    this.go = () => {};
  }

  may(/** @type {string} */ right) {
    return this.rights.includes(right);
  }

  /** A key that no field wanted, or Esc from anywhere. @returns {boolean} true if the tab used it */
  key(/** @type {KeyboardEvent} */ _event) {
    return false;
  }

  /** One event of the stream, after it went into the state; only while the tab is shown. */
  heard(/** @type {any} */ _event) {}
}
