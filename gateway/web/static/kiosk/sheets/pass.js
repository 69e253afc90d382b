/**
 * A visitor's pass: on the screen, as a link, on paper; where no printer works, a numbered badge written by hand.
 *
 * `kiosk.open("pass", {visit})`. Printing has no dialog: the gateway sends it, and this sheet says what became of it.
 */

import { t, texts, timeOfDay } from "../../i18n.js";
import { html, nothing, Sheet } from "../sheet.js";
import { errorsOf } from "../../ui/field.js";
import "../../ui/keyboard.js";

const LOOK_MS = 1000;
/** A label takes three seconds; one that takes this long is stuck somewhere. */
const LONG_MS = 20_000;

export class PassSheet extends Sheet {
  static properties = {
    ...Sheet.properties,
    pass: { state: true },
    printer: { state: true },
    job: { state: true },
    busy: { state: true },
    badge: { state: true },
    wrong: { state: true },
    sure: { state: true },
  };

  constructor() {
    super();
    this.visit = "";
    /** @type {any} */
    this.pass = null;
    /** This gate's printer; undefined: not asked yet, null: there is none. @type {any} */
    this.printer = undefined;
    /** @type {{state: string, trouble: string | null, without_name?: boolean, long?: boolean} | null} */
    this.job = null;
    this.busy = false;
    this.badge = "";
    this.wrong = "";
    this.sure = false;
    this.isOver = false;
  }

  opened(/** @type {{visit: string}} */ options) {
    this.visit = options.visit;
    void this.load();
    void this.lookAtPrinter();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.isOver = true;
  }

  async load() {
    try {
      this.pass = await this.kiosk.ask("GET", `visits/${this.visit}/pass`);
    } catch (problem) {
      const { detail, message } = /** @type {any} */ (problem);
      this.say(String(detail).startsWith("over") ? t("This visit is over: its pass is void.") : message, "wrong");
    }
  }

  async lookAtPrinter() {
    try {
      const { printers } = await this.kiosk.ask("GET", "printers");
      this.printer = printers.find((/** @type {any} */ one) => one.gate === this.kiosk.gate.id) ?? null;
    } catch {
      this.printer = undefined;
    }
  }

  async print() {
    if (this.busy) return;
    this.busy = true;
    this.say("");
    try {
      const sent = await this.kiosk.ask("POST", `visits/${this.visit}/pass/print`, { gate: this.kiosk.gate.id });
      this.job = sent;
      if (sent.job !== null) await this.follow(sent);
    } catch (problem) {
      this.say(/** @type {any} */ (problem).message, "wrong");
    } finally {
      this.busy = false;
      void this.lookAtPrinter();
    }
  }

  /** Until it is on paper, has failed, or takes too long; then it goes on by itself once the printer can. */
  async follow(/** @type {any} */ sent) {
    const began = Date.now();
    while (!this.isOver) {
      await new Promise((done) => setTimeout(done, LOOK_MS / 2));
      const path = `printers/jobs/${sent.job}?gate=${this.kiosk.gate.id}`;
      const seen = await this.kiosk.ask("GET", path).catch(() => null);
      if (seen !== null) this.job = { ...seen, without_name: sent.without_name };
      if (seen !== null && seen.state !== "printing") return;
      if (seen?.trouble || Date.now() - began > LONG_MS) {
        if (this.job !== null) this.job = { ...this.job, long: true };
        return;
      }
    }
  }

  async giveAnew() {
    if (!this.sure) {
      this.sure = true;
      return;
    }
    this.sure = false;
    this.busy = true;
    try {
      this.pass = await this.kiosk.ask("POST", `visits/${this.visit}/pass`);
      this.job = null;
      this.say(t("This is the new code. The old one opens nothing any more."), "done");
    } catch (problem) {
      const { detail, message } = /** @type {any} */ (problem);
      const usedUp = String(detail).startsWith("used_up");
      this.say(usedUp ? t("This pass has been used as often as it may. Register the visitor anew.") : message, "wrong");
    } finally {
      this.busy = false;
    }
  }

  async giveBadge(/** @type {Event} */ event) {
    event.preventDefault();
    if (this.busy) return;
    this.busy = true;
    this.wrong = "";
    try {
      await this.kiosk.ask("POST", `visits/${this.visit}/badge`, { number: this.badge });
      const said = this.badge
        ? t("Badge {number} is with this visitor until the check-out.", { number: this.badge })
        : t("The badge is back.");
      this.say(said, "done");
    } catch (problem) {
      const { detail, errors, message } = /** @type {any} */ (problem);
      if (String(detail).startsWith("badge_out")) this.wrong = t("This badge is with another visitor. Take another one.");
      else if (errors.length > 0) this.wrong = t("A badge has up to two letters and four digits, such as 17 or B17.");
      else this.wrong = errorsOf(problem)[""] ?? message;
    } finally {
      this.busy = false;
    }
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.pass.link);
      this.say(t("The link is copied."), "done");
    } catch {
      const field = this.querySelector("#pass-link");
      if (field instanceof HTMLInputElement) field.select();
      this.say(t("Copy the marked link with Ctrl+C."), "notice");
    }
  }

  body() {
    if (this.pass === null) return nothing;
    const { svg, uses, not_after, link } = this.pass;
    return html`<div class="pass-sheet">
      <div class="pass-left">
        <img class="pass-picture" src=${`data:image/svg+xml,${encodeURIComponent(svg)}`} alt=${t("The visitor's code")} />
        <p>
          ${not_after === null ? nothing : t("Valid until {time}", { time: whenSaid(not_after, this.kiosk.now()) })}
          ${uses.most === null ? nothing : html`<br />${t("{used} of {most} times used", { used: uses.used, most: uses.most })}`}
        </p>
      </div>
      <div class="pass-right">
        ${this.printing()}
        <div class="pass-link">
          <label for="pass-link">${t("Link for the visitor's phone")}</label>
          <input id="pass-link" readonly .value=${link} @focus=${select} />
          <button type="button" @click=${() => void this.copy()}>${t("Copy")}</button>
        </div>
        <form class="pass-badge" novalidate @submit=${(/** @type {Event} */ event) => void this.giveBadge(event)}>
          <label for="badge">${t("Number of a badge written by hand")}</label>
          <input
            id="badge"
            data-keyboard="digits"
            inputmode="numeric"
            autocomplete="off"
            maxlength="8"
            aria-invalid=${this.wrong ? "true" : nothing}
            aria-describedby=${this.wrong ? "badge-wrong" : nothing}
            .value=${this.badge}
            @input=${(/** @type {Event} */ event) => {
              this.badge = /** @type {HTMLInputElement} */ (event.target).value;
            }}
          />
          <button type="submit" ?disabled=${this.busy}>${t("Hand it out")}</button>
          ${this.wrong ? html`<p class="error" id="badge-wrong" role="alert"><span aria-hidden="true">◆</span> ${this.wrong}</p>` : nothing}
        </form>
        <button type="button" ?disabled=${this.busy} @click=${() => void this.giveAnew()}>
          ${this.sure ? t("Touch again: the old code will be void") : t("Lost? Make a new code")}
        </button>
      </div>
    </div>
      <wg-keyboard></wg-keyboard>`;
  }

  printing() {
    if (this.printer === undefined) return nothing;
    if (this.printer === null) {
      return html`<p class="pass-printer">${t("No printer is set up for this gate. Show the code, or hand out a badge.")}</p>`;
    }
    const trouble = this.job?.trouble ?? (this.job === null ? this.printer.trouble : null);
    return html`<div class="pass-printer" data-state=${trouble ? "out" : (this.job?.state ?? this.printer.state)}>
      <button type="button" class="main" ?disabled=${this.busy} @click=${() => void this.print()}>
        ${this.job === null ? t("Print") : t("Print again")}
      </button>
      <p role="status">${this.printed(trouble)}</p>
      ${this.job?.without_name
        ? html`<p>${t("The name is not on the paper: this machine has no letters for it. Write it by hand.")}</p>`
        : nothing}
    </div>`;
  }

  printed(/** @type {string | null} */ trouble) {
    if (trouble) {
      const waits = this.job?.state === "printing" ? t("It is printed as soon as the printer can.") : "";
      return html`<b><span aria-hidden="true">◆</span> ${t("Printer out")}</b>: ${TROUBLE[trouble]?.() ?? trouble} ${waits}
        ${t("Or hand out a numbered badge.")}`;
    }
    if (this.job === null) return this.printer.state === "printing" ? t("The printer is busy.") : t("The printer is ready.");
    if (this.job.state === "done") return html`<span aria-hidden="true">●</span> ${t("Printed.")}`;
    return this.job.long ? t("It takes long. Look at the printer.") : t("Printing …");
  }
}

/** @type {Record<string, () => string>} */
const TROUBLE = {
  out_of_paper: () => t("the paper is used up. Put in a new roll."),
  open: () => t("its cover is open. Close it."),
  jam: () => t("the paper is stuck. Open the cover and pull it out."),
  offline: () => t("it does not answer. Switch it on and look at its cable."),
  stopped: () => t("it has been stopped. Somebody of the technical staff has to start it again."),
  no_queue: () => t("the print service does not know it. Tell the technical staff."),
  no_service: () => t("the print service does not run. Tell the technical staff."),
  other: () => t("it could not print this. Try again."),
};

/** The time of day; with the day where that is another one. */
function whenSaid(/** @type {string} */ at, /** @type {number} */ now) {
  const day = new Intl.DateTimeFormat(texts.language === "zh" ? "zh-CN" : "en-GB", {
    timeZone: texts.timezone,
    month: "short",
    day: "numeric",
  });
  const time = timeOfDay(at).slice(0, 5);
  return day.format(Date.parse(at)) === day.format(now) ? time : `${day.format(Date.parse(at))} ${time}`;
}

function select(/** @type {Event} */ event) {
  /** @type {HTMLInputElement} */ (event.target).select();
}

customElements.define("wg-s-pass", PassSheet);
