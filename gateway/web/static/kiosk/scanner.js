/**
 * The hand scanner at the kiosk: on the board, and while a sheet about passes is open, what it types is a visitor's
 * code, and the sheet `scan` decides on it. While somebody signs on, the reader's keys are a card's.
 */

import { Wedge } from "./wedge.js";

const LISTENS = new Set(["", "scan", "pass"]);

/** @param {import("./sheet.js").Kiosk} kiosk */
export function listenToScanner(kiosk) {
  const sheet = () => document.body.dataset.sheet ?? "";
  const isOn = () => LISTENS.has(sheet()) && document.querySelector("wg-k-sign-on") === null;
  new Wedge(isOn, async (code) => {
    // The code is told to the open sheet and never part of how it was opened: that is kept over a reload.
    if (sheet() !== "scan" && !(await kiosk.open("scan"))) return;
    /** @type {any} */ (document.querySelector("wg-s-scan"))?.scanned(code);
  }).start();
}
