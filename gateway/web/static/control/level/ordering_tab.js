/**
 * A tab in which a new order is written: first weighed, then sent. What was typed is kept while the tab is open.
 *
 * Promises: nothing is sent whose numbers were not asked for as it stands. Leaves to others: its fields (`form.js`), what
 * is wrong with them (`draft.js`, the gateway).
 */

import { ask } from "../../api.js";
import { t, word } from "../../i18n.js";
import { errorsOf } from "../../ui/field.js";
import { bodyOf, faults, newDraft, previewBody, timeFaults, weightOf } from "./draft.js";
import { FollowTab } from "./follow_tab.js";
import { refusal } from "./signs.js";

export class OrderingTab extends FollowTab {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = { draft: { state: true }, weighed: { state: true }, panel: { state: true } };

  isDrafting = false;

  constructor() {
    super();
    /** @type {import("./draft.js").Draft | null} */
    this.draft = null;
    /** What was weighed, and of which text. @type {import("./form.js").Weighed | null} */
    this.weighed = null;
    /** An act on an order that is being looked at; it stands at the side instead of the form. @type {import("./act_panel.js").Panel | null} */
    this.panel = null;
    /** Where the keyboard was before the side opened. @type {HTMLElement | null} */
    this.cameFrom = null;
  }

  showPanel(/** @type {import("./act_panel.js").Panel | null} */ panel) {
    this.panel = panel;
  }

  /** Whether the form stands at the side; what was typed in it is kept either way. */
  drafting(/** @type {boolean} */ on) {
    this.isDrafting = on;
  }

  get ways() {
    return [
      ...(this.may("request_orders") ? ["own"] : []),
      ...(this.may("record_unified_orders") ? ["unified"] : []),
      ...(this.may("request_orders") ? ["oral"] : []),
    ];
  }

  begin() {
    this.remember();
    this.panel = null;
    this.draft ??= newDraft(this.now(), /** @type {any} */ (this.ways[0] ?? "own"));
    this.put({ errors: {} });
    this.focusSide();
  }

  setDraft(/** @type {Partial<import("./draft.js").Draft>} */ some, /** @type {string[]} */ ...paths) {
    if (this.draft === null) return;
    this.draft = { ...this.draft, ...some };
    const left = Object.entries(this.errors).filter(([path]) => !paths.some((one) => path.startsWith(one)));
    this.put({ errors: Object.fromEntries(left) });
  }

  get isCurrent() {
    return this.draft !== null && this.weighed !== null && this.weighed.of === weightOf(this.draft);
  }

  /** The first step: what it would change. */
  async weigh() {
    const { draft } = this;
    if (draft === null || this.doing) return;
    const now = this.now();
    const wrong = timeFaults(draft, now);
    this.put({ errors: wrong });
    if (Object.keys(wrong).length) return void this.toTheWrong();
    this.working("weigh");
    const of = weightOf(draft);
    try {
      this.weighed = { preview: await ask("POST", "orders/preview", previewBody(draft, now)), of, failed: "" };
      await this.updateComplete;
      this.querySelector(".order-form .preview")?.scrollIntoView({ block: "nearest" });
    } catch (problem) {
      const errors = fieldErrors(problem);
      if (Object.keys(errors).length) {
        this.put({ errors });
        this.weighed = null;
        void this.toTheWrong();
      } else this.weighed = { preview: null, of, failed: refusal(problem) };
    }
    this.working("");
  }

  /** The second step: what was weighed is sent. */
  async send() {
    const { draft } = this;
    if (draft === null || this.doing) return;
    if (!this.isCurrent) return this.weigh();
    const wrong = faults(draft, this.now());
    this.put({ errors: wrong });
    if (Object.keys(wrong).length) return void this.toTheWrong();
    this.working("send");
    try {
      const made = await ask("POST", "orders", bodyOf(draft, this.now(), this.user));
      this.draft = null;
      this.weighed = null;
      this.isDrafting = false;
      this.say(t("Filed: {state}", { state: word("order", made.state) }), "done");
      this.back();
      this.lookSoonAtBoard();
      await this.load();
    } catch (problem) {
      const errors = fieldErrors(problem);
      this.put({ errors });
      if (Object.keys(errors).length) void this.toTheWrong();
      else this.say(refusal(problem));
    }
    this.working("");
  }

  startNew() {
    if (!this.ways.length) return;
    this.isDrafting = true;
    this.begin();
  }

  remember() {
    if (this.draft === null && this.panel === null)
      this.cameFrom = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  }

  focusSide() {
    void this.updateComplete.then(() => /** @type {HTMLElement | null} */ (this.querySelector(".level-side h2"))?.focus());
  }

  /** The keyboard goes where it was before the side opened. */
  back() {
    const { cameFrom } = this;
    void this.updateComplete.then(() => cameFrom?.isConnected && cameFrom.focus());
  }
}

/** The gateway's words on a field come in the reader's language already. @returns {Record<string, string>} */
function fieldErrors(/** @type {any} */ problem) {
  const found = /** @type {Record<string, string>} */ ({});
  for (const { field, message } of problem?.errors ?? []) found[String(field).replace(/\[\d+\].*$/, "")] ??= String(message);
  return Object.keys(found).length ? found : errorsOf(problem);
}
