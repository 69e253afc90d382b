/**
 * A section of the tab that asks the gateway: one thing at a time, what went wrong is said in place, and what was shown
 * before stays until something newer is there.
 */

import { DeskPart } from "../../desk/desk_part.js";
import { html, nothing } from "../../live/parts.js";

export class Asking extends DeskPart {
  /**
   * Ask, without loading the section anew afterwards.
   * @template T
   * @param {string} what the act that is under way
   * @param {() => Promise<T>} work
   * @returns {Promise<T | undefined>} undefined if it did not work, or something else is under way
   */
  async asking(what, work) {
    if (this.busy) return undefined;
    this.under(what);
    this.say("", "done");
    try {
      return await work();
    } catch (problem) {
      this.say(problem);
      return undefined;
    } finally {
      this.under("");
    }
  }

  under(/** @type {string} */ what) {
    Object.assign(this, { busy: what });
  }

  /** The reason was used: the case lasts on. */
  looked() {
    this.dispatchEvent(new CustomEvent("wg-looked", { bubbles: true }));
  }

  /** What was said of an act, where it was done. */
  answer() {
    return this.said.text ? this.status() : nothing;
  }
}

/** How full something is: words, and a bar for the eye. @param {number} count @param {number | null} capacity */
export function fullness(count, capacity) {
  if (!capacity) return nothing;
  return html`<meter aria-hidden="true" min="0" max=${capacity} value=${Math.min(count, capacity)}></meter>`;
}
