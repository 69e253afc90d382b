/**
 * The gateway out of reach: registrations are sealed on saving, kept here, and brought in when it is back.
 *
 * Promises: what was sealed stays until the gateway has said what became of it; one that it cannot take stays, with the
 * reason, until a person takes it away; twice brought in is once registered (the registration's own key). It grants
 * nothing: the gateway judges it when it has it. Leaves to others: the form (sheets/visitor.js).
 */

import { ask, Problem } from "../api.js";
import { seal } from "./seal.js";
import { dropSealed, keepSealed, sealedBoxes } from "./storage.js";

const AT_ONCE = 20;

/** @typedef {import("./storage.js").SealedBox} SealedBox */

export class OfflineBox {
  /**
   * @param {string} publicKey
   * @param {() => number} now
   * @param {() => void} changed
   */
  constructor(publicKey, now, changed) {
    this.publicKey = publicKey;
    this.now = now;
    this.changed = changed;
    /** @type {SealedBox[]} */
    this.boxes = [];
    /** What was brought in since the page was loaded. @type {{key: string, state: string, visit: string | null}[]} */
    this.done = [];
    this.busy = false;
    void this.look();
  }

  async look() {
    this.boxes = await sealedBoxes();
    this.changed();
  }

  /** How many wait to be brought in; those that were not taken are not among them. */
  get count() {
    return this.boxes.filter((one) => one.state === undefined).length;
  }

  get refused() {
    return this.boxes.filter((one) => one.state !== undefined);
  }

  async seal(/** @type {any} */ registration) {
    const key = String(registration.key ?? "");
    if (!key) throw new Error("a registration made offline needs its key");
    const box = await seal(this.publicKey, key, registration);
    if (!(await keepSealed({ key, box, at: this.now() }))) throw new Error("this browser keeps nothing");
    await this.look();
  }

  /** Bring in what waits. Quiet if the gateway is away again. */
  async bringIn() {
    if (this.busy) return;
    this.busy = true;
    try {
      await this.look();
      for (;;) {
        const some = this.boxes.filter((one) => one.state === undefined).slice(0, AT_ONCE);
        if (!some.length) return;
        const sealed = some.map(({ key, box }) => ({ key, box }));
        const { results } = await ask("POST", "visits/offline", { sealed });
        for (const result of results) await this.told(result);
        await this.look();
        if (results.length === 0) return;
      }
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
    } finally {
      this.busy = false;
      this.changed();
    }
  }

  async told(/** @type {{key: string, state: string, visit: string | null, errors: any[]}} */ result) {
    const one = this.boxes.find((box) => box.key === result.key);
    if (one === undefined) return;
    if (result.state === "registered" || result.state === "known") {
      await dropSealed(one.key);
      this.done = [...this.done, { key: result.key, state: result.state, visit: result.visit }];
    } else {
      await keepSealed({ ...one, state: result.state, errors: result.errors });
    }
  }

  /** A person has dealt with one that could not be taken. */
  async takeAway(/** @type {string} */ key) {
    await dropSealed(key);
    await this.look();
  }
}
