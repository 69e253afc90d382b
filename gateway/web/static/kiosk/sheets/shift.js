/**
 * A post is handed over: what is open, what is counted, a note, two signatures.
 *
 * Two steps, both short: count and write (kept over a reload), then sign. What another screen did to this hand-over
 * shows at once. Promises: nothing counts before it is signed; a wrong count has its sentence beside it. Leaves to
 * others: who may sign (the gateway), the form for card and PIN (signature.js).
 */

import { place, t, texts, timeOfDay, word } from "../../i18n.js";
import "../../ui/keyboard.js";
import { errorsOf } from "../../ui/field.js";
import { html, nothing, Sheet } from "../sheet.js";
import { said, whole, why } from "./shift_words.js";
import "./signature.js";

/** @typedef {{count: string, note: string}} Count */

const NOTE = 200;

export class ShiftSheet extends Sheet {
  static properties = {
    ...Sheet.properties,
    post: { state: true },
    counts: { state: true },
    note: { state: true },
    absent: { state: true },
    errors: { state: true },
    wrong: { state: true },
    busy: { state: true },
    leaving: { state: true },
    earlier: { state: true },
  };

  constructor() {
    super();
    /** @type {any} */
    this.post = null;
    /** @type {Record<string, Count>} */
    this.counts = {};
    this.note = "";
    this.absent = false;
    /** @type {Record<string, string>} */
    this.errors = {};
    /** What is wrong with a signature, by its side. @type {Record<string, string>} */
    this.wrong = {};
    this.busy = false;
    this.leaving = false;
    /** @type {any[] | null} */
    this.earlier = null;
  }

  get me() {
    return this.kiosk.me.person ?? this.kiosk.me.user;
  }

  opened() {
    void this.start();
  }

  async start() {
    const kept = await this.kiosk.draft("shift").load();
    if (kept !== null) {
      this.counts = kept.counts ?? {};
      this.note = kept.note ?? "";
      this.absent = kept.absent ?? false;
    }
    await this.load();
  }

  async load() {
    try {
      const { posts } = await this.kiosk.ask("GET", `shifts?gate=${this.kiosk.gate.id}`);
      this.post = posts[0] ?? null;
      if (this.post === null) this.say(t("No post is configured at this gate."), "notice");
    } catch (problem) {
      this.say(said(problem), "wrong");
    }
  }

  hear(/** @type {any} */ event) {
    if (event.type === "permit" && event.paper === "shift") void this.load();
    if (event.type === "snapshot") void this.load();
  }

  keep() {
    void this.kiosk.draft("shift").save({ counts: this.counts, note: this.note, absent: this.absent });
  }

  count(/** @type {string} */ item, /** @type {Partial<Count>} */ change) {
    this.counts = { ...this.counts, [item]: { ...(this.counts[item] ?? { count: "", note: "" }), ...change } };
    this.keep();
  }

  step(/** @type {any} */ item, /** @type {number} */ by) {
    const known = Number.parseInt(this.counts[item.id]?.count ?? "", 10);
    const now = Number.isNaN(known) ? item.count : known + by;
    this.count(item.id, { count: String(Math.max(0, now)) });
  }

  async begin() {
    if (this.busy) return;
    const counts = this.post.inventory.map((/** @type {any} */ item) => ({
      item: item.id,
      count: whole(this.counts[item.id]?.count ?? ""),
      note: this.counts[item.id]?.note ?? "",
    }));
    /** @type {Record<string, string>} */
    const errors = {};
    for (const [at, one] of counts.entries()) {
      if (one.count === null) errors[`counts[${at}].count`] = t("Count them: a number from 0 on.");
    }
    this.errors = errors;
    if (Object.keys(errors).length) return this.say(t("Something is not counted yet."), "wrong");
    this.busy = true;
    try {
      const body = { post: this.post.id, counts, note: this.note, absent: this.absent };
      const begun = await this.kiosk.ask("POST", "shifts/take-over", body);
      this.post = { ...this.post, handing_over: begun };
      this.wrong = {};
      this.say(t("Counted. Now the signatures."), "done");
      this.toTop();
    } catch (problem) {
      this.errors = errorsOf(problem);
      for (const [at, one] of this.post.inventory.entries()) {
        if (this.errors[`counts[${at}].note`]) {
          this.errors[`counts[${at}].note`] = t("There should be {count}: say a word about the difference.", {
            count: one.count,
          });
        }
      }
      this.say(why(problem), "wrong");
    } finally {
      this.busy = false;
    }
  }

  /** Another step: it is read from its beginning. */
  toTop() {
    const part = this.querySelector(".k-split-scroll");
    if (part !== null) part.scrollTop = 0;
  }

  sign(/** @type {string} */ side) {
    return async (/** @type {object} */ proof) => {
      const shift = this.post.handing_over;
      try {
        const signed = await this.kiosk.ask("POST", `shifts/${shift.id}/sign`, { side, ...proof });
        this.wrong = {};
        if (signed.state === "running") {
          await this.kiosk.draft("shift").clear();
          this.counts = {};
          this.note = "";
          this.absent = false;
          this.say(t("{name} has taken over this post.", { name: signed.guard ?? "" }), "done");
          this.kiosk.sound("done");
          this.toTop();
        }
        await this.load();
      } catch (problem) {
        this.wrong = { ...this.wrong, [side]: why(problem) };
        await this.load();
      }
    };
  }

  async withdraw() {
    try {
      await this.kiosk.ask("POST", `shifts/${this.post.handing_over.id}/withdraw`);
      this.say(t("This hand-over was called off; what was counted is still here."), "notice");
    } catch (problem) {
      this.say(why(problem), "wrong");
    }
    await this.load();
  }

  leave() {
    return async (/** @type {{card?: string, pin?: string}} */ proof) => {
      const witness = proof.card ? { witness: proof } : {};
      try {
        await this.kiosk.ask("POST", `shifts/${this.post.current.id}/end`, { note: this.note, ...witness });
        this.leaving = false;
        this.wrong = {};
        this.note = "";
        this.keep();
        this.say(t("This shift has ended, and nobody has the post."), "done");
        await this.load();
      } catch (problem) {
        this.wrong = { ...this.wrong, end: why(problem) };
      }
    };
  }

  async showEarlier() {
    try {
      const { shifts } = await this.kiosk.ask("GET", `shifts/history?post=${this.post.id}&limit=20`);
      this.earlier = shifts;
    } catch (problem) {
      this.say(said(problem), "wrong");
    }
  }

  body() {
    if (this.post === null) return html`<p class="quiet">${t("The post is being fetched.")}</p>`;
    const { handing_over: coming, current } = this.post;
    return html`<div class="k-split-scroll">
      <p class="k-shift-who">
        ${current
          ? html`<b>${current.guard}</b> ${t("has had this post since {time}.", { time: timeOfDay(current.taken_over_at) })}`
          : t("Nobody has this post.")}
      </p>
        ${this.open()} ${coming ? this.signing(coming) : this.counting()} ${this.end()} ${this.history()}
      </div>
      <wg-keyboard></wg-keyboard>`;
  }

  open() {
    const { open, things } = this.post;
    /** @type {[string, number | string, boolean][]} */
    const tiles = [
      [t("Visitors inside"), open.inside, false],
      [t("longer than registered"), open.overstays, open.overstays > 0],
      [t("Waiting"), open.waiting, open.waiting > 0],
      [t("Alarms here"), open.alarms, open.alarms > 0],
      [t("Devices down"), open.devices_down, open.devices_down > 0],
      [t("Calls under way"), open.calls, open.calls > 0],
    ];
    const level = open.level_since
      ? t("L{level} since {time}", { level: open.level, time: timeOfDay(open.level_since) })
      : `L${open.level}`;
    return html`<section aria-label=${t("What is open")}>
      <ul class="k-shift-open">
        <li data-wrong=${open.level < 3 || open.emergencies > 0}>
          <b>${level}</b>
          <span>${open.emergencies > 0 ? t("{count} emergencies", { count: open.emergencies }) : t("Defence level")}</span>
        </li>
        ${tiles.map(([label, value, wrong]) => html`<li data-wrong=${wrong}><b>${value}</b><span>${label}</span></li>`)}
      </ul>
      ${things.length
        ? html`<ul class="k-shift-things">
            ${things.slice(0, 6).map(
              (/** @type {any} */ one) => html`<li>
                <span aria-hidden="true">${one.kind === "device_down" ? "✕" : "◆"}</span>
                ${one.kind === "device_down"
                  ? t("{device} is down", { device: one.id })
                  : word("alarm", one.kind)}
                · ${place(one.place)}
              </li>`,
            )}
          </ul>`
        : nothing}
    </section>`;
  }

  counting() {
    return html`<section aria-labelledby="h-count">
      <h3 id="h-count">${t("Count")}</h3>
      ${this.post.inventory.length
        ? html`<ul class="k-shift-items">
            ${this.post.inventory.map((/** @type {any} */ item, /** @type {number} */ at) => this.item(item, at))}
          </ul>`
        : html`<p class="quiet">${t("Nothing to count is configured for this post.")}</p>`}
      <label class="k-shift-note"
        >${t("Note of the one who leaves")} <span class="optional">${t("optional")}</span>
        <textarea
          rows="2"
          maxlength=${NOTE}
          data-keyboard="words"
          .value=${this.note}
          @input=${(/** @type {any} */ event) => {
            this.note = event.target.value;
            this.keep();
          }}
        ></textarea>
      </label>
      ${this.post.current
        ? html`<label class="k-shift-absent">
            <input
              type="checkbox"
              .checked=${this.absent}
              @change=${(/** @type {any} */ event) => {
                this.absent = event.target.checked;
                this.keep();
              }}
            />
            ${t("{name} is not here: a witness signs instead", { name: this.post.current.guard ?? "" })}
          </label>`
        : nothing}
      <button type="button" class="k-big main" aria-busy=${this.busy} @click=${() => void this.begin()}>
        ${t("Counted: to the signatures")}
      </button>
    </section>`;
  }

  item(/** @type {any} */ item, /** @type {number} */ at) {
    const known = this.counts[item.id] ?? { count: "", note: "" };
    const name = texts.language === "zh" ? item.name.zh : item.name.en;
    const differs = known.count.trim() !== "" && whole(known.count) !== item.count;
    const wrong = this.errors[`counts[${at}].count`];
    const noteWrong = this.errors[`counts[${at}].note`];
    return html`<li data-differs=${differs}>
      <label for=${`count-${item.id}`}>${name} <span class="quiet">${t("should be {count}", { count: item.count })}</span></label>
      <div class="k-shift-stepper">
        <button type="button" aria-label=${t("One fewer: {name}", { name })} @click=${() => this.step(item, -1)}>−</button>
        <input
          id=${`count-${item.id}`}
          inputmode="numeric"
          data-keyboard="digits"
          autocomplete="off"
          maxlength="5"
          .value=${known.count}
          aria-invalid=${wrong ? "true" : nothing}
          aria-describedby=${wrong ? `count-${item.id}-error` : nothing}
          @input=${(/** @type {any} */ event) => this.count(item.id, { count: event.target.value })}
        />
        <button type="button" aria-label=${t("One more: {name}", { name })} @click=${() => this.step(item, 1)}>+</button>
        <button type="button" class="k-shift-all" @click=${() => this.count(item.id, { count: String(item.count) })}>
          <span aria-hidden="true">✓</span> ${t("all there")}<span class="sr">: ${name}</span>
        </button>
      </div>
      ${wrong ? html`<div class="error" id=${`count-${item.id}-error`} role="alert">◆ ${wrong}</div>` : nothing}
      ${differs || noteWrong
        ? html`<label class="k-shift-word"
            >${t("What about the difference?")}
            <input
              data-keyboard="words"
              autocomplete="off"
              maxlength=${NOTE}
              .value=${known.note}
              aria-invalid=${noteWrong ? "true" : nothing}
              @input=${(/** @type {any} */ event) => this.count(item.id, { note: event.target.value })}
            />
            ${noteWrong ? html`<span class="error" role="alert">◆ ${noteWrong}</span>` : nothing}
          </label>`
        : nothing}
    </li>`;
  }

  signing(/** @type {any} */ shift) {
    const side = (/** @type {string} */ name) =>
      shift.signatures.find((/** @type {any} */ one) => one.side === name)?.name ?? null;
    /** @type {[string, string, boolean][]} */
    const sides = [
      shift.absent
        ? ["witness", t("Witness (another guard or the control room)"), false]
        : ["outgoing", t("Hands over: {name}", { name: shift.outgoing ?? "" }), shift.outgoing === this.me],
      ["incoming", t("Takes over"), shift.outgoing !== this.me || shift.absent],
    ];
    const differences = shift.inventory.filter((/** @type {any} */ one) => one.count !== one.expected);
    return html`<section aria-labelledby="h-sign">
      <h3 id="h-sign">${t("Signatures")}</h3>
      ${shift.absent && shift.outgoing
        ? html`<p><span aria-hidden="true">◆</span> ${t("{name} is absent; this is recorded.", { name: shift.outgoing })}</p>`
        : nothing}
      <p>
        ${differences.length
          ? html`<span aria-hidden="true">◆</span> ${t("Differences:")}
              ${differences.map((/** @type {any} */ one) => `${this.nameOf(one.item)} ${one.count}/${one.expected} (${one.note})`).join(" · ")}`
          : t("Everything is there.")}
        ${shift.note ? html`<br />${t("Note: {note}", { note: shift.note })}` : nothing}
      </p>
      <div class="k-shift-sides">
        ${sides.map(([name, label, own]) =>
          side(name)
            ? html`<p class="k-shift-signed"><span aria-hidden="true">✓</span> ${label} · <b>${side(name)}</b></p>`
            : html`<wg-k-signature
                name=${name}
                .label=${label}
                .own=${own && !shift.signatures.some((/** @type {any} */ one) => one.name === this.me) ? this.me : ""}
                .error=${this.wrong[name] ?? ""}
                .done=${this.sign(name)}
              ></wg-k-signature>`,
        )}
      </div>
      <button type="button" @click=${() => void this.withdraw()}>${t("Call this hand-over off")}</button>
    </section>`;
  }

  nameOf(/** @type {string} */ id) {
    const item = this.post.inventory.find((/** @type {any} */ one) => one.id === id);
    return item === undefined ? id : texts.language === "zh" ? item.name.zh : item.name.en;
  }

  end() {
    const { current, handing_over: coming } = this.post;
    if (!current || coming || current.guard !== this.me) return nothing;
    if (!this.leaving) {
      return html`<button type="button" class="k-shift-leave" @click=${() => (this.leaving = true)}>
        ${t("I leave and nobody takes over")}
      </button>`;
    }
    return html`<section aria-labelledby="h-leave">
      <h3 id="h-leave">${t("Nobody takes over")}</h3>
      <p>${t("A witness signs: another guard, or somebody of the control room. The note above goes with it.")}</p>
      <wg-k-signature name="end" .label=${t("Witness (another guard or the control room)")} .error=${this.wrong.end ?? ""} .done=${this.leave()}></wg-k-signature>
      <button type="button" @click=${() => (this.leaving = false)}>${t("I stay")}</button>
    </section>`;
  }

  history() {
    if (!this.kiosk.rights.includes("manage_passes")) return nothing;
    if (this.earlier === null) {
      return html`<button type="button" @click=${() => void this.showEarlier()}>${t("Earlier shifts")}</button>`;
    }
    return html`<section aria-labelledby="h-earlier">
      <h3 id="h-earlier">${t("Earlier shifts")}</h3>
      <ul class="k-shift-things">
        ${this.earlier.map(
          (one) => html`<li>
            ${timeOfDay(one.started_at)} – ${one.ended_at ? timeOfDay(one.ended_at) : ""} · <b>${one.guard ?? "–"}</b>
            ${one.absent ? html`· ${t("witness instead")}` : nothing} ${one.note ? html`· ${one.note}` : nothing}
          </li>`,
        )}
      </ul>
    </section>`;
  }
}

customElements.define("wg-s-shift", ShiftSheet);
