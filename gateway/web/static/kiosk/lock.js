/**
 * The lock of the records, as the page sees it: it tells the gateway of touches and keys, and hides what is locked a
 * moment before the gateway would refuse it. The gateway's word counts (`POST session/touch`).
 *
 * Without the gateway nobody's PIN can be looked at: after a minute the lists are covered, and one touch on the cover
 * shows them for another (docs/kiosk.md, docs/decisions/0023). A session by password never locks.
 */

import { ask, Problem } from "../api.js";

const LOCKS_AFTER_MS = 60_000;
const TELL_EVERY_MS = 10_000;

export class Lock {
  /**
   * @param {boolean} byCard
   * @param {boolean} locked
   * @param {() => boolean} isLost
   * @param {(locked: boolean) => void} changed
   */
  constructor(byCard, locked, isLost, changed) {
    this.byCard = byCard;
    this.locked = locked;
    this.isLost = isLost;
    this.changed = changed;
    this.touchedAt = performance.now();
    this.toldAt = -Infinity;
    if (!byCard) return;
    for (const touch of ["pointerdown", "keydown", "wheel"]) {
      document.addEventListener(touch, () => this.touch(), { capture: true, passive: true });
    }
    setInterval(() => this.look(), 1000);
  }

  touch() {
    if (this.locked) return;
    const now = performance.now();
    this.touchedAt = now;
    if (now - this.toldAt < TELL_EVERY_MS || this.isLost()) return;
    this.toldAt = now;
    void this.tell("session/touch");
  }

  look() {
    if (!this.locked && performance.now() - this.touchedAt >= LOCKS_AFTER_MS) this.set(true);
  }

  /** Lock at once, here and there. */
  async lock() {
    this.set(true);
    await this.tell("session/lock");
  }

  /** The gateway is back or has restarted: what does it say? */
  async ask() {
    if (this.byCard) await this.tell("session/touch");
  }

  async tell(/** @type {string} */ path) {
    try {
      const said = await ask("POST", path);
      if (said.locked) this.set(true);
    } catch (problem) {
      if (problem instanceof Problem && problem.kind === "locked") this.set(true);
    }
  }

  /** Card and PIN were right, or there is nobody who could look at them. */
  open() {
    this.touchedAt = performance.now();
    this.set(false);
  }

  set(/** @type {boolean} */ locked) {
    if (locked === this.locked) return;
    this.locked = locked;
    this.changed(locked);
  }
}
