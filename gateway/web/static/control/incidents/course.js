/**
 * The report of an incident as the steps of its course: the next act on top with its form, below it what was done.
 *
 * Emits `wg-i-act` {act, method, path, body, done}; the tab carries it out. An act shows only to those who may do it.
 *
 * @typedef {import("./forms.js").Info} Info
 * @typedef {{act: string, method: string, path: string, body?: object, done: string}} Asked
 */

import { t, word } from "../../i18n.js";
import { dotted, html, nothing, Part } from "../../live/parts.js";
import { repeat } from "lit/directives/repeat.js";
import { moment } from "../people/times.js";
import * as forms from "./forms.js";
import { hour, pressing, toTheMinute } from "./hour.js";
import { at } from "./places.js";
import "./form.js";

export class CoursePart extends Part {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    info: { attribute: false },
    now: { attribute: false },
    user: { attribute: false },
    rights: { attribute: false },
    leader: { attribute: false },
    errors: { attribute: false },
    busy: { attribute: false },
    open: { state: true },
  };

  constructor() {
    super();
    /** @type {Info} */
    this.info = /** @type {any} */ (null);
    this.now = 0;
    this.user = "";
    /** @type {string[]} */
    this.rights = [];
    /** The duty leader's line of the call list. @type {{name: {en: string, zh: string}, number: string} | null} */
    this.leader = null;
    /** @type {Record<string, string>} */
    this.errors = {};
    this.busy = "";
    /** The form that somebody has opened beside the next act. */
    this.open = "";
    this.shown = "";
  }

  willUpdate() {
    const step = `${this.info.summary.id}/${this.info.summary.report}/${this.info.closing?.at ?? ""}/${this.info.by_word.length}`;
    if (this.shown !== step) this.open = "";
    this.shown = step;
  }

  get may() {
    const has = (/** @type {string[]} */ ...some) => some.some((right) => this.rights.includes(right));
    const handle = has("close_alarms");
    const send = has("request_orders", "sign_emergencies");
    return { handle, send, review: has("sign_orders"), tell: handle || send, keep: has("hold_records") };
  }

  /** What is usually done now; "": nothing, or by somebody else. */
  get next() {
    const { info, may } = this;
    const { summary } = info;
    if (summary.state === "closed") return "";
    if (may.review && summary.report === "asked" && !info.draft?.mine) return "review";
    if (summary.waiting && !info.by_word.length && may.tell) return "by_word";
    switch (summary.report) {
      case "needed":
      case "returned":
        return may.handle ? "draft" : "";
      case "drafted":
        return !may.handle ? "" : info.missing.length ? "draft" : "ask";
      case "reviewed":
        return may.send ? "send" : "";
      case "sent":
        return !summary.waiting && may.handle && info.not_closed === null ? "close" : "";
      default:
        return "";
    }
  }

  /** @param {Asked} asked */
  ask(asked) {
    this.dispatchEvent(new CustomEvent("wg-i-act", { detail: asked, bubbles: true }));
  }

  /** @param {string} act @param {string} path @param {string} done @param {object} [body] @param {string} [method] */
  carryOut(act, path, done, body, method = "POST") {
    this.ask({ act, method, path: `incidents/${this.info.summary.id}/${path}`, done, ...(body ? { body } : {}) });
  }

  render() {
    const { info, next } = this;
    const { summary } = info;
    return html`<section class="i-course" aria-labelledby="h-report">
      <h2 id="h-report">${t("The report")}</h2>
      ${summary.state === "closed" ? nothing : hour(summary, this.now)} ${this.callLeader()}
      <div class="next" aria-live="polite">
        <h3>${t("Next")}</h3>
        ${next ? this.formOf(next) : html`<p>${this.waitsFor()}</p>`}
      </div>
      <ol class="steps">
        ${this.step("by_word", t("By word"), info.by_word.length > 0, this.toldByWord(), this.may.tell && summary.state === "open")}
        ${this.step("draft", t("Written"), info.draft !== null, this.written(), this.may.handle && info.next.includes("draft"))}
        ${this.step("review", t("Reviewed by a principal"), this.isReviewed, this.reviewed(), false)}
        ${this.step("send", t("Sent"), !summary.waiting, this.wentOut(), this.may.send && (info.next.includes("send") || info.next.includes("send_unreviewed")))}
        ${this.step("follow_up", t("Followed up"), info.follow_ups.length > 0, this.followed(), this.may.tell && info.next.includes("follow_up"))}
        ${this.step("close", t("Closed"), info.closing !== null, this.ended(), this.may.handle && info.not_closed === null && info.closing === null)}
      </ol>
      <p class="acts">
        <a class="button" href=${`/api/v1/incidents/${summary.id}/report?format=html&lang=zh`} target="_blank" rel="noopener">${t("Print in Chinese")}</a>
        <a class="button" href=${`/api/v1/incidents/${summary.id}/report?format=html&lang=en`} target="_blank" rel="noopener">${t("Print in English")}</a>
      </p>
    </section>`;
  }

  get isReviewed() {
    const { verdict, draft } = this.info;
    return verdict !== null && draft !== null && verdict.version === draft.version && !verdict.remark;
  }

  /** What it waits for, where this user has nothing to do. */
  waitsFor() {
    const { info } = this;
    const { summary } = info;
    if (summary.state === "closed") return t("Nothing: this incident is closed.");
    if (summary.report === "asked") return t("A principal reviews it. If nobody does in time, it can be sent without review, with the reason.");
    if (summary.report === "sent" && summary.waiting) {
      return info.sent.some((one) => one.state === "on_its_way")
        ? t("The report is on its way; the hour runs until a channel has taken it.")
        : t("The report was not delivered. Send it another way.");
    }
    if (info.not_closed && !summary.waiting) return word("not_closed", info.not_closed);
    return t("Somebody else's turn: {state}.", { state: word("report", summary.report) });
  }

  /** The call that is due, large, with the number. */
  callLeader() {
    const how = pressing(this.info.summary, this.now);
    if (how === "sent" || how === "calm" || this.info.summary.state === "closed") return nothing;
    const number = this.leader?.number;
    return html`<p class="call-leader" data-how=${how}><span aria-hidden="true">☎</span> <b>${t("Call the duty leader")}</b>
      ${number ? html`<a href=${`tel:${number}`}>${number}</a>` : html`<span class="quiet">${t("no number on file")}</span>`}
      ${this.info.calls.length ? html`<span class="quiet">${t("told at {times}", { times: [...new Set(this.info.calls.map((one) => toTheMinute(one.at)))].join(", ") })}</span>` : nothing}</p>`;
  }

  /** @param {string} act @param {string} name @param {boolean} isDone @param {unknown} what @param {boolean} mayNow */
  step(act, name, isDone, what, mayNow) {
    const { next, open } = this;
    const state = isDone ? "done" : next === act ? "next" : "open";
    const sign = { done: "✓", next: "→", open: "○" }[state];
    return html`<li data-step=${act} data-state=${state}>
      <h3><span aria-hidden="true">${sign}</span> ${name} <span class="sr">${isDone ? t("done") : t("not done")}</span></h3>
      <div class="what">${what}</div>
      ${mayNow && next !== act
        ? open === act
          ? this.formOf(act)
          : html`<p class="acts"><button type="button" @click=${() => (this.open = act)}>${this.verb(act)}</button></p>`
        : nothing}
    </li>`;
  }

  /** @param {string} act */
  verb(act) {
    const { info } = this;
    switch (act) {
      case "by_word":
        return t("Record a report by word");
      case "draft":
        return info.draft ? t("Change the report") : t("Write the report");
      case "send":
        return info.next.includes("send") ? t("Send it") : t("Send without review");
      case "follow_up":
        return t("Add a follow-up");
      default:
        return t("Close the incident");
    }
  }

  /** The form of one act. */
  formOf(/** @type {string} */ act) {
    const { info } = this;
    const { id } = info.summary;
    const version = info.draft?.version ?? 0;
    const form = (/** @type {import("./form.js").Field[]} */ fields, /** @type {string} */ submit, /** @type {(values: any) => void} */ done, /** @type {string} */ keep = "") =>
      html`<wg-i-form .name=${`${act}-${id}-${keep ? "kept" : info.summary.report}`} .keep=${keep} .fields=${fields} .submit=${submit}
        .errors=${this.errors} .busy=${this.busy === act} @wg-i-submit=${(/** @type {CustomEvent} */ event) => done(event.detail)}></wg-i-form>`;
    switch (act) {
      case "by_word":
        return html`<p>${t("Telephone first: say what happened, where, and what is being done.")}</p>
          ${form(forms.byWord(this.now, this.user), t("Record it"), (values) => this.carryOut(act, "by-word", t("Recorded: told by word."), filled(values)))}`;
      case "draft":
        return html`${this.remark()}
          ${form(forms.draft(info), t("Save the report"), (values) => this.carryOut(act, "draft", t("Saved. Nobody has reviewed this version yet."), { version, ...values }, "PUT"), `draft:${id}`)}`;
      case "ask":
        return html`<p>${t("Put it before a principal; the hour runs on meanwhile.")}</p>
          <p class="acts"><button type="button" class="main" ?disabled=${this.busy === act} @click=${() => this.carryOut(act, "ask-review", t("A principal is asked to review it."))}>${t("Ask for review")}</button></p>`;
      case "review":
        return html`${this.written()}
          <p class="acts"><button type="button" class="main" ?disabled=${this.busy === act} @click=${() => this.carryOut(act, "review", t("Reviewed. It can be sent now."), { version })}>${t("It can be sent")}</button></p>
          ${form(forms.words("remark", t("Or what is to be changed?")), t("Return it"), (values) => this.carryOut(act, "return", t("Returned to be changed."), { version, ...values }))}`;
      case "send":
        return form(forms.sending(info), t("Send it"), (values) => this.carryOut(act, "send", values.how === "notice" ? t("Handed to the channel. The hour runs until it has been taken.") : t("Recorded: the report is sent."), filled(values)));
      case "follow_up":
        return form(forms.followUp(), t("Add it"), (values) => this.carryOut(act, "follow-ups", t("Follow-up added."), filled(values)));
      case "close":
        return html`${form(forms.closing(), t("Close the incident"), (values) => this.carryOut(act, "close", t("Closed."), values), `close:${id}`)}`;
      default:
        return nothing;
    }
  }

  // ---------------------------------------------------------------- what was done

  toldByWord() {
    return lines(this.info.by_word, (one) => dotted(moment(one.at), one.to, one.by));
  }

  remark() {
    const { verdict } = this.info;
    return verdict?.remark ? html`<p class="remark"><b>${t("To be changed:")}</b> ${verdict.remark} <span class="quiet">${dotted(verdict.by, moment(verdict.at))}</span></p>` : nothing;
  }

  written() {
    const { draft } = this.info;
    if (draft === null) return nothing;
    return html`<dl class="report">${forms.DRAFT_FIELDS.map((name) => html`<div><dt>${word("report_field", name)}</dt><dd class="typed">${draft[name] || "–"}</dd></div>`)}</dl>
      <p class="quiet">${dotted(t("version {count}", { count: draft.version }), draft.by, moment(draft.at))}</p>`;
  }

  reviewed() {
    const { info } = this;
    if (this.isReviewed) return html`<p>${dotted(info.verdict?.by, info.verdict && moment(info.verdict.at))}</p>`;
    if (info.summary.report === "asked") return html`<p>${t("asked at {time}", { time: info.asked_at ? toTheMinute(info.asked_at) : "" })}</p>`;
    return this.remark();
  }

  wentOut() {
    return lines(this.info.sent, (one) => dotted(moment(one.at), one.to, word("report_way", one.how), word("report_sent", one.state), one.by, one.unreviewed && t("without review: {why}", { why: one.unreviewed })));
  }

  followed() {
    return lines(this.info.follow_ups, (one) => html`<span class="typed">${one.text}</span> <span class="quiet">${dotted(moment(one.at), one.to, one.by)}</span>`);
  }

  ended() {
    const { info } = this;
    return html`${info.closing ? answers(info.closing) : info.not_closed ? html`<p class="quiet">${word("not_closed", info.not_closed)}</p>` : nothing}
      ${info.reopened.map((one) => html`<details><summary>${t("Opened again: {why}", { why: one.reason })} <span class="quiet">${dotted(moment(one.at), one.by)}</span></summary>${answers(one.closing)}</details>`)}`;
  }
}

/** Without fields that nobody filled in. @param {Record<string, any>} values */
function filled(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && value !== undefined));
}

/** @template T @param {T[]} list @param {(one: T) => unknown} line */
function lines(list, line) {
  return list.length ? html`<ul>${repeat(list, (one) => html`<li>${line(one)}</li>`)}</ul>` : nothing;
}

/** The four questions, answered. @param {import("./forms.js").Closing} closing */
function answers(closing) {
  const who = closing.responsible.map((one) => (one.kind === "role" ? word("responsible_role", one.id) : one.kind === "outside" ? word("responsible", "outside") : one.person?.name || `${word("responsible", one.kind)} ${at(one.id)}`));
  return html`<dl class="report">
      <div><dt>${t("Cause")}</dt><dd class="typed">${closing.cause}</dd></div>
      <div><dt>${t("Responsible")}</dt><dd>${who.join(", ")}</dd></div>
      <div><dt>${word("report_field", "measures")}</dt><dd class="typed">${closing.measures}</dd></div>
      <div><dt>${t("Lesson")}</dt><dd class="typed">${closing.lesson}</dd></div>
    </dl>
    <p class="quiet">${dotted(moment(closing.at), closing.by)}</p>`;
}

customElements.define("wg-i-course", CoursePart);
