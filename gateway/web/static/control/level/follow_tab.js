/**
 * A tab that shows who follows: asks for the board while it is shown, often while somebody does not follow yet.
 *
 * Promises: one question at a time; what is shown stays, with its age, while the gateway does not answer.
 */

import { ask } from "../../api.js";
import { Tab } from "../tab.js";

/** News of the stream are gathered for so long before something is asked for again. */
export const GATHER_MS = 300;
const BUSY_BOARD_MS = 1500;
const QUIET_BOARD_MS = 10_000;

export class FollowTab extends Tab {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = { board: { state: true }, boardAt: { state: true }, doing: { state: true } };

  constructor() {
    super();
    /** @type {import("./board.js").Board | null} */
    this.board = null;
    this.boardAt = 0;
    this.boardTimer = 0;
    /** The act that is under way. */
    this.doing = "";
  }

  /** An act begins; "": none is under way. What inherits this sets it so, because a field has one declaration. */
  working(/** @type {string} */ what) {
    this.doing = what;
  }

  connectedCallback() {
    super.connectedCallback();
    void this.followBoard();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.boardTimer);
  }

  async followBoard() {
    clearTimeout(this.boardTimer);
    try {
      const board = await ask("GET", "propagation");
      this.board = board;
      this.boardAt = this.now();
    } catch {
      // What is shown has its age; the next look says more.
    }
    if (!this.isConnected) return;
    const counts = this.board?.counts;
    const isQuiet = counts !== undefined && counts.verified + counts.away >= counts.devices;
    this.boardTimer = window.setTimeout(() => void this.followBoard(), isQuiet ? QUIET_BOARD_MS : BUSY_BOARD_MS);
  }

  lookSoonAtBoard() {
    clearTimeout(this.boardTimer);
    this.boardTimer = window.setTimeout(() => void this.followBoard(), GATHER_MS);
  }
}
