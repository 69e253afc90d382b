/**
 * A registered visit at the gate: what it still needs, the host on the telephone, checking in, sending away.
 *
 * Promises: what the gateway tells is shown as soon as it does, also what another guard has done; a touch that comes
 * twice, or too late, changes nothing and says how it stands. Leaves to others: which visit it is (`visitId`), the
 * pass (sheet `pass`).
 */

import { Sheet, html, nothing } from "../sheet.js";
import { t } from "../../i18n.js";
import { errorsOf } from "../../ui/field.js";
import { missing, needs } from "./visitor_needs.js";

export class VisitAtTheGate extends Sheet {
  static properties = {
    ...Sheet.properties,
    errors: { state: true },
    visit: { state: true },
    busy: { state: true },
    telephone: { state: true },
    answeredBy: { state: true },
    refusing: { state: true },
  };

  constructor() {
    super();
    /** @type {Record<string, string>} */
    this.errors = {};
    /** The visit as the gateway tells it. @type {any} */
    this.visit = null;
    this.busy = false;
    /** @type {import("./visitor_needs.js").Telephone | null} */
    this.telephone = null;
    this.answeredBy = "";
    this.refusing = false;
    this.level = 0;
  }

  /** Which visit it is; null while there is none. @returns {string | null} */
  get visitId() {
    return null;
  }

  /** What was said of these fields (by the beginning of their paths) is over. */
  mended(/** @type {string[]} */ paths) {
    const left = Object.entries(this.errors).filter(([path]) => !paths.some((begin) => path.startsWith(begin)));
    this.errors = Object.fromEntries(left);
  }

  /** It needs this sheet no more. */
  async leave() {}

  /** Ready for the next visitor. */
  async startAnew() {}

  connectedCallback() {
    super.connectedCallback();
    this.level = this.kiosk.state.level.level;
  }

  hear(/** @type {any} */ event) {
    const before = this.level;
    if (event.type === "tick" || event.type === "snapshot") this.level = event.level.level;
    const { visit } = this;
    if (visit === null) return;
    const isOurs = event.id === visit.id || event.visit === visit.id;
    const isAnswer = ["permit", "host_asked"].includes(event.type) || String(event.type).startsWith("visit");
    const isAuthorisation = event.type === "permit" && event.paper === "authorisation";
    const isAnew = event.type === "snapshot" || this.level !== before;
    if ((isOurs && isAnswer) || isAuthorisation || isAnew) void this.fetchVisit();
  }

  async fetchVisit() {
    const id = this.visitId;
    if (id === null) return;
    try {
      const visit = await this.kiosk.ask("GET", `visits/${id}`);
      if (this.visitId === id) this.visit = visit;
    } catch (problem) {
      this.say(problem instanceof Error ? problem.message : String(problem), "wrong");
    }
  }

  /** @param {string} what @param {object} [body] */
  async post(what, body) {
    if (this.busy) return null;
    this.busy = true;
    this.say("");
    try {
      const visit = await this.kiosk.ask("POST", `visits/${this.visitId}/${what}`, body);
      if (visit?.id === this.visitId && visit.state) this.visit = visit;
      return visit;
    } catch (problem) {
      await this.notDone(problem);
      return null;
    } finally {
      this.busy = false;
    }
  }

  async notDone(/** @type {any} */ problem) {
    const code = String(problem.detail ?? "").split(":")[0];
    this.errors = errorsOf(problem);
    if (problem.kind === "no-answer") {
      this.say(t("No answer yet. Touch it again: it is done once only."), "wrong");
      return;
    }
    await this.fetchVisit(); // another guard may have been faster: what is, is shown
    if (code === "inside") this.say(t("It is checked in already."), "notice");
    else if (code === "over") this.say(t("This visit is over: somebody else has ended it."), "notice");
    else if (code === "no_number") this.say(t("The directory has no number for this person."), "wrong");
    else if (code === "host_gone") this.say(t("The host has left the school: register the visit to somebody else."), "wrong");
    else if (code === "directory_number") this.say(t("Show the number again and call that one: only it counts."), "wrong");
    else if (Object.keys(this.errors).length === 0) this.say(problem.message ?? String(problem), "wrong");
  }

  async checkIn() {
    const { visit } = this;
    if (visit === null || missing(visit).length > 0) return;
    const done = await this.post("check-in", { document_seen: true, gate: this.kiosk.gate.id });
    if (done === null) return;
    this.kiosk.sound("done");
    await this.leave();
    if (!(await this.kiosk.open("pass", { visit: done.id }))) this.say(t("Checked in."), "done");
  }

  async showNumber() {
    try {
      this.telephone = await this.kiosk.ask("GET", `visits/${this.visitId}/host-number`);
      this.answeredBy = this.answeredBy || (this.telephone?.host.name ?? "");
    } catch (problem) {
      await this.notDone(problem);
    }
  }

  async answered(/** @type {"confirm" | "decline"} */ answer) {
    if (!this.answeredBy.trim()) {
      this.errors = { answered_by: t("Who answered? The name is recorded.") };
      return;
    }
    const body = { number_from_directory: true, answered_by: this.answeredBy.trim(), answer };
    if ((await this.post("confirm-by-telephone", body)) !== null) this.telephone = null;
  }

  async askAgain() {
    if ((await this.post("ask-host")) !== null) this.say(t("Asked again. The answer appears here."), "done");
  }

  async refuse(/** @type {string} */ reason) {
    if ((await this.post("refuse", { reason })) === null) return;
    this.refusing = false;
    await this.leave();
  }

  // ---------------------------------------------------------------- painting

  stillNeeded() {
    if (this.visit === null) return html`<p class="empty">${t("The visit is being fetched …")}</p>`;
    const { telephone, answeredBy, busy, refusing, errors } = this;
    const how = { now: this.kiosk.now(), telephone, answeredBy, busy, refusing, errors };
    return needs(this.visit, how, {
      checkIn: () => void this.checkIn(),
      telephone: () => void this.showNumber(),
      answered: (answer) => void this.answered(answer),
      answeredBy: (name) => (this.answeredBy = name),
      askAgain: () => void this.askAgain(),
      refuse: (reason) => void this.refuse(reason),
      refusing: (open) => (this.refusing = open),
      open: (name, options) => void this.kiosk.open(name, options),
    });
  }

  visitFoot() {
    if (this.visit?.state !== "expected") {
      return html`<span></span><button type="button" class="main" @click=${this.startAnew}>${t("Next visitor")}</button>`;
    }
    const left = missing(this.visit).length;
    const early = Date.parse(this.visit.starts_at) > this.kiosk.now() + 60_000;
    return html`
      <button type="button" aria-pressed=${this.refusing ? "true" : "false"} @click=${() => (this.refusing = !this.refusing)}>
        ${t("Send away")}
      </button>
      ${left > 0 || early
        ? html`<button type="button" class="next-one" @click=${this.startAnew}>${t("Next visitor")}</button>`
        : nothing}
      <button type="submit" class="main" aria-busy=${this.busy} ?disabled=${this.busy || left > 0 || early}>
        <span aria-hidden="true">✓</span> ${this.visit.document_seen ? t("Check in") : t("Document seen: check in")}
      </button>
    `;
  }
}
