/**
 * The tab "level": the level now and over time, the orders and their course, what one will change before it is done, who
 * follows after it, and emergencies.
 *
 * Promises: every act takes two steps, and the second one names its consequence in numbers; an act that was refused says
 * what happened meanwhile and shows how things stand; a form keeps what was typed. Leaves to others: what may be done
 * (the gateway), painting of each part.
 */

import { ask } from "../../api.js";
import { place, t, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import { sheet } from "../tab.js";
import { actPanel, CHANGES, missing, titleOf } from "./act_panel.js";
import "./board.js";
import { GATHER_MS } from "./follow_tab.js";
import { emergencyPart, realAfterDrill, realBanner } from "./emergencies.js";
import { orderForm } from "./form.js";
import { OrderingTab } from "./ordering_tab.js";
import { orderList } from "./orders.js";
import "./preview.js";
import { refusal } from "./signs.js";
import { AHEAD, BACK } from "./timeline.js";
import { zoneTable } from "./zones.js";

for (const name of ["level", "side"]) sheet(`/static/control/level/${name}.css`);

/** @typedef {import("./orders.js").Act} Act */
/** @typedef {import("./signs.js").Order} Order */
/** @typedef {import("./emergencies.js").Emergency} Emergency */

const SAID_MS = 3000;
/** What could not be looked at is looked at again. */
const AGAIN_MS = 3000;
const NEWS = new Set(["order", "level", "emergency", "drill_ended", "snapshot"]);

export class LevelTab extends OrderingTab {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    zones: { state: true },
    orders: { state: true },
    times: { state: true },
    emergencies: { state: true },
    past: { state: true },
    call: { state: true },
    calling: { state: true },
    wrong: { state: true },
    all: { state: true },
  };

  constructor() {
    super();
    /** @type {import("./zones.js").Zone[] | null} */
    this.zones = null;
    /** @type {Order[] | null} */
    this.orders = null;
    /** @type {import("./timeline.js").Times | null} */
    this.times = null;
    /** @type {Emergency[]} */
    this.emergencies = [];
    /** @type {Emergency[]} */
    this.past = [];
    /** @type {import("./emergencies.js").Call} */
    this.call = { zones: [], reason: "", drill: false, end: "" };
    this.calling = false;
    /** What went wrong with an emergency. */
    this.wrong = "";
    this.all = false;
    this.soon = 0;
    this.turn = 0;
    this.saidAt = 0;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.soon);
    this.soon = 0;
  }

  async load() {
    await import("./timeline.js");
    // What was asked later is newer: an answer that was overtaken is dropped.
    const turn = (this.turn += 1);
    const answers = await Promise.allSettled([
      ask("GET", "level"),
      ask("GET", "orders?limit=200"),
      ask("GET", `level/times?back=${BACK + 1}&ahead=${AHEAD + 2}`),
      ask("GET", "emergencies?state=all"),
    ]);
    if (turn !== this.turn) return;
    const [level, orders, times, emergencies] = answers.map((one) => (one.status === "fulfilled" ? one.value : null));
    this.zones = level?.zones ?? this.zones;
    this.orders = orders?.orders ?? this.orders;
    this.times = times ?? this.times;
    if (emergencies) {
      const isOver = (/** @type {Emergency} */ one) => one.state === "ended";
      this.emergencies = emergencies.emergencies.filter((/** @type {Emergency} */ one) => !isOver(one));
      this.past = emergencies.emergencies.filter(isOver);
    }
    const failed = answers.find((one) => one.status === "rejected");
    if (failed?.status === "rejected") {
      this.say(failed.reason);
      this.loadSoon(AGAIN_MS);
    }
    this.showWanted();
  }

  /** What was said of an act is gone when other news have come for a while. */
  sayNoMore() {
    if (this.said.text && this.now() - this.saidAt > SAID_MS) this.say("", "done");
  }

  say(/** @type {unknown} */ what, /** @type {"done" | "wrong"} */ kind = "wrong") {
    super.say(what, kind);
    this.saidAt = this.now();
  }

  heard(/** @type {any} */ event) {
    if (event.type === "propagation" || event.type === "emergency") this.lookSoonAtBoard();
    if (!NEWS.has(event.type) && !(event.type === "notice" && event.of === "order")) return;
    this.sayNoMore();
    this.loadSoon(GATHER_MS);
  }

  loadSoon(/** @type {number} */ afterMs) {
    if (!this.isConnected) return;
    this.soon ||= window.setTimeout(() => {
      this.soon = 0;
      void this.load();
    }, afterMs);
  }

  // ---------------------------------------------------------------- an act on an order

  async open(/** @type {Act} */ act, /** @type {Order} */ order) {
    this.remember();
    this.showPanel({ act, order, reason: "", document: "", error: "", preview: null, failed: "" });
    this.focusSide();
    if (!CHANGES.has(act)) return;
    const of = act === "revoke" || act === "cancel" ? "ending" : "filing";
    const preview = await ask("GET", `orders/${order.id}/preview?of=${of}`).catch((problem) => problem);
    if (this.panel?.order.id !== order.id || this.panel.act !== act) return;
    if (preview instanceof Error) this.showPanel({ ...this.panel, failed: refusal(preview) });
    else this.showPanel({ ...this.panel, preview });
  }

  setPanel(/** @type {Partial<import("./act_panel.js").Panel>} */ some) {
    if (this.panel) this.showPanel({ ...this.panel, ...some });
  }

  async carryOut() {
    const { panel } = this;
    if (panel === null || this.doing) return;
    const error = missing(panel);
    if (error) return this.setPanel({ error });
    this.working(panel.act);
    const { order, act } = panel;
    const ends = act === "revoke" || act === "withdraw" || act === "cancel";
    const body = {
      ...(ends || act === "refuse" ? { reason: panel.reason.trim() } : {}),
      ...(act === "document" || act === "cancel" ? { document: panel.document.trim() } : {}),
    };
    try {
      const done = await ask("POST", `orders/${order.id}/${ends ? "revoke" : act}`, Object.keys(body).length ? body : undefined);
      this.showPanel(null);
      this.back();
      this.say(becameOf(done), "done");
      this.lookSoonAtBoard();
      await this.load();
    } catch (problem) {
      await this.tellRefused(order, problem);
    }
    this.working("");
  }

  /** Somebody else was faster, or it may not be: what was said, and how the order stands by now. */
  async tellRefused(/** @type {Order} */ order, /** @type {unknown} */ problem) {
    const said = refusal(problem);
    await this.load();
    const now = this.orders?.find((one) => one.id === order.id);
    if (this.panel?.order.id !== order.id) return;
    const stands = now ? t("It is now: {state}.", { state: word("order", now.state) }) : "";
    this.showPanel({ ...this.panel, order: now ?? order, error: `${said} ${stands}` });
  }

  // ---------------------------------------------------------------- emergencies

  /** @param {string} what @param {() => Promise<string>} work */
  async carry(what, work) {
    if (this.doing) return;
    this.working(what);
    this.wrong = "";
    try {
      this.say(await work(), "done");
      this.lookSoonAtBoard();
      await this.load();
    } catch (problem) {
      this.wrong = refusal(problem);
      await this.load();
    }
    this.working("");
  }

  startEmergency(/** @type {"lockdown" | "evacuate"} */ kind) {
    const { zones, reason, drill } = this.call;
    return this.carry(kind, async () => {
      await ask("POST", "emergencies", { kind, reason: reason.trim() || t("called from the control room"), drill, ...(zones.length ? { zones } : {}) });
      this.call = { ...this.call, reason: "" };
      this.calling = false; // what is in force now is what is looked at
      return t("It is in force; every device is being told.");
    });
  }

  signEmergency(/** @type {Emergency} */ one) {
    return this.carry(`sign-${one.id}`, async () => {
      await ask("POST", `emergencies/${one.id}/sign`);
      return t("Signed.");
    });
  }

  endEmergency(/** @type {Emergency} */ one) {
    const reason = this.call.end.trim();
    if (!reason) return void (this.wrong = t("Say why, in a few words."));
    return this.carry(`end-${one.id}`, async () => {
      const now = await ask("POST", `emergencies/${one.id}/end`, { reason });
      this.call = { ...this.call, end: "" };
      return now.state === "ended" ? t("It is over. Released doors stand open until somebody locks them.") : t("Your word is noted. A second person is needed within 15 minutes.");
    });
  }

  // ---------------------------------------------------------------- the side, the address, the keys

  /** What was typed of a new order is kept until the side opens again. */
  close() {
    if (this.panel !== null) this.showPanel(null);
    else if (this.draft !== null && this.isDrafting) this.drafting(false);
    else return false;
    this.back();
    return true;
  }

  key(/** @type {KeyboardEvent} */ event) {
    if (event.key !== "Escape") return false;
    const closed = this.close();
    this.requestUpdate();
    return closed;
  }

  willUpdate(/** @type {Map<string, unknown>} */ changed) {
    if (changed.has("path")) this.showWanted();
  }

  /** `#level/<order>` shows that order, `#level/new` a new one. */
  showWanted() {
    const wanted = this.path[0] ?? "";
    if (!wanted || wanted === this.shownPath || this.orders === null) return;
    this.shownPath = wanted;
    if (wanted === "new") this.startNew();
    else void this.updateComplete.then(() => {
      const found = /** @type {HTMLElement | null} */ (this.querySelector(`#order-${CSS.escape(wanted)}`));
      found?.scrollIntoView({ block: "center" });
      found?.focus();
    });
  }

  shownPath = "";

  // ---------------------------------------------------------------- painting

  render() {
    const orders = this.orders ?? [];
    const real = realAfterDrill(this.past, orders, this.now());
    const now = this.now();
    return html`<div class="level">
      ${real ? realBanner(real) : nothing} ${this.status()}
      <div class="columns">
        <section class="panel now" aria-labelledby="h-now"><h2 id="h-now">${t("The level now")}</h2>
          <div class="scroll" tabindex="0" role="group" aria-labelledby="h-now">${zoneTable(this.zones, orders)}</div></section>
        <section class="panel emergency-panel" aria-labelledby="h-emergency"><h2 id="h-emergency">${t("Emergencies")}</h2>
          ${emergencyPart(
            { live: this.emergencies, call: this.call, zones: this.zoneNames, rights: this.rights, user: this.user, site: this.times?.site ?? "", busy: this.doing, error: this.wrong, now, isOpen: this.calling },
            {
              set: (some) => (this.call = { ...this.call, ...some }),
              start: (kind) => void this.startEmergency(kind),
              sign: (one) => void this.signEmergency(one),
              end: (one) => void this.endEmergency(one),
              open: (on) => (this.calling = on),
            },
          )}</section>
        <section class="panel times" aria-labelledby="h-times"><h2 id="h-times">${t("Last week and ahead")}</h2>
          <wg-l-timeline .times=${this.times} .now=${now}></wg-l-timeline></section>
        <section class="panel list" aria-labelledby="h-orders">
          <div class="head"><h2 id="h-orders">${t("Orders")}</h2>
            ${this.ways.length ? html`<button type="button" class="main" data-act="new" @click=${() => this.startNew()}>${t("New order …")}</button>` : nothing}</div>
          <div class="scroll" tabindex="0" role="group" aria-labelledby="h-orders">${orderList(
            { orders: this.orders, rights: this.rights, user: this.user, chosen: this.path[0] ?? "", all: this.all },
            { act: (act, order) => void this.open(act, order), showAll: () => (this.all = true) },
          )}</div></section>
        <section class="panel spread" aria-labelledby="h-board"><h2 id="h-board">${t("Who follows")}</h2>
          <div class="scroll" tabindex="0" role="group" aria-labelledby="h-board">
            <wg-l-board .board=${this.board} .askedAt=${this.boardAt} .now=${now}></wg-l-board></div></section>
      </div>
      ${this.side()}
    </div>`;
  }

  /** What an order may be given for, beside the whole site. */
  get zoneNames() {
    return (this.zones ?? []).map((one) => one.zone).filter((zone) => zone !== this.times?.site && place(zone));
  }

  side() {
    const { panel, draft } = this;
    if (panel !== null) {
      return this.frame(titleOf(panel), panel.order.drill, actPanel(panel, this.doing, { set: (some) => this.setPanel(some), send: () => void this.carryOut() }));
    }
    if (draft === null || !this.isDrafting) return nothing;
    const form = orderForm(
      { draft, errors: this.errors, zones: this.zoneNames, weighed: this.weighed, isCurrent: this.isCurrent, busy: this.doing, ways: this.ways },
      { set: (some, ...paths) => this.setDraft(some, ...paths), weigh: () => void this.weigh(), send: () => void this.send(), close: () => this.close() },
    );
    return this.frame(t("New order"), draft.drill, form);
  }

  /** @param {string} title @param {boolean} drill @param {unknown} content */
  frame(title, drill, content) {
    return html`<aside class="side level-side" data-drill=${drill} aria-labelledby="h-level-side">
      <div class="head"><h2 id="h-level-side" tabindex="-1">${title} ${drill ? html`<span class="drill">${t("DRILL")}</span>` : nothing}</h2>
        <button type="button" class="small" @click=${() => {
          this.close();
          this.requestUpdate();
        }}>${t("Esc: back")}</button></div>
      ${content}
    </aside>`;
  }
}

/** What became of an order by an act. */
function becameOf(/** @type {Order} */ order) {
  if (order.revoking_by && !order.revoked_by) return t("Your word is noted; nothing has changed yet. A second duty leader or principal is needed within 15 minutes.");
  return t("Done. The order is now: {state}.", { state: word("order", order.state) });
}

customElements.define("wg-c-level", LevelTab);
