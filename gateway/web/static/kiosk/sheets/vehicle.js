/**
 * Vehicles at the gate: a plate is typed; whose it is, who drives, what it may do. From here a waiting vehicle gets its
 * right plate, one that no camera read is let in, a bus's heads are counted, a visitor's car is asked for.
 */

import { Problem } from "../../api.js";
import { place, sentence, t, timeOfDay, word } from "../../i18n.js";
import "../../ui/plate_pad.js";
import { dotted } from "../../live/parts.js";
import { html, nothing, Sheet } from "../sheet.js";

const SIGNS = /** @type {Record<string, string>} */ ({ grant: "✓", deny: "✕", wait: "…" });

export class VehicleSheet extends Sheet {
  static properties = {
    ...Sheet.properties,
    plate: { state: true },
    found: { state: true },
    error: { state: true },
    busy: { state: true },
    heads: { state: true },
    visits: { state: true },
    asking: { state: true },
  };

  constructor() {
    super();
    this.plate = "";
    /** What is known of it. @type {any} */
    this.found = null;
    this.error = "";
    this.busy = "";
    this.heads = "";
    /** Visits that may get this car. @type {any[] | null} */
    this.visits = null;
    this.asking = "";
    /** Who waits for the right plate. @type {any} */
    this.row = null;
    /** The lane of this gate. */
    this.lane = "";
  }

  opened(/** @type {any} */ options) {
    this.row = options?.waiting ?? null;
    this.plate = options?.plate ?? this.row?.plate ?? "";
    const lane = this.kiosk.portals.find((one) => one.kind === "vehicle_gate" && one.directions.includes("in"));
    this.lane = this.row?.portal ?? lane?.id ?? "";
    void this.kiosk.draft("vehicle").load().then((kept) => {
      if (!this.plate && typeof kept === "string") this.plate = kept;
    });
    void this.updateComplete.then(() => /** @type {HTMLElement | null} */ (this.querySelector("#plate-pad"))?.focus());
  }

  hear(/** @type {any} */ event) {
    if (event.type === "waiting_closed" && event.id === this.row?.id) this.row = null;
  }

  heading() {
    return this.row ? t("Which plate is it?") : t("Vehicle");
  }

  typed(/** @type {string} */ value) {
    this.plate = value;
    this.found = null;
    this.error = "";
    this.visits = null;
    this.say("");
    void this.kiosk.draft("vehicle").save(value);
  }

  /** @param {string} what @param {() => Promise<void>} work */
  async during(what, work) {
    if (this.busy) return;
    this.busy = what;
    this.say("");
    this.error = "";
    try {
      await work();
    } catch (problem) {
      this.tell(problem);
    }
    this.busy = "";
  }

  tell(/** @type {unknown} */ problem) {
    if (problem instanceof Problem && problem.errors.some((one) => one.field === "plate")) {
      this.error = t("This is no number plate. Look at it again, character by character.");
      return;
    }
    const code = problem instanceof Problem ? (problem.detail.split(":")[0] ?? "") : "";
    const said = sentence(code);
    this.say(said.hint ? `${said.guard} ${said.hint}` : problem instanceof Error ? problem.message : String(problem), "wrong");
    this.kiosk.sound("refuse");
  }

  lookUp() {
    return this.during("look", async () => {
      this.found = await this.kiosk.ask("POST", "vehicles/search", { plate: this.plate, portal: this.lane || null });
      this.heads = "";
    });
  }

  /** A vehicle that waits gets its right plate; one that no camera read is decided now. */
  letIn(/** @type {string} */ plate) {
    return this.during("in", async () => {
      if (this.row) {
        await this.kiosk.ask("POST", `waiting/${encodeURIComponent(this.row.id)}`, { outcome: "grant", plate });
        await this.finished(t("Let in."));
        return;
      }
      const done = await this.kiosk.ask("POST", `lanes/${this.lane}/admit`, { plate });
      if (done.outcome === "grant") await this.finished(t("Let in. The bollard goes down."));
      else {
        const said = sentence(done.reason);
        this.say(`${said.guard} ${said.hint}`, "wrong");
        this.kiosk.sound("refuse");
      }
    });
  }

  async finished(/** @type {string} */ text) {
    await this.kiosk.draft("vehicle").clear();
    this.plate = "";
    this.found = null;
    this.row = null;
    this.kiosk.sound("grant");
    this.say(text, "done");
  }

  countHeads(/** @type {"in" | "out"} */ direction) {
    const count = Number(this.heads);
    return this.during(`heads ${direction}`, async () => {
      const body = { portal: this.lane, direction, count };
      const vehicle = await this.kiosk.ask("POST", `vehicles/${this.found.vehicle.id}/head-count`, body);
      this.found = { ...this.found, vehicle };
      this.heads = "";
      this.say(t("{count} counted.", { count }), "done");
    });
  }

  showVisits() {
    return this.during("visits", async () => {
      const { visits } = await this.kiosk.ask("GET", "visits?limit=100");
      this.visits = visits.filter((/** @type {any} */ one) => ["expected", "checked_in"].includes(one.state) && !one.vehicle_approved);
    });
  }

  askFor(/** @type {string} */ visit) {
    return this.during(`visit ${visit}`, async () => {
      await this.kiosk.ask("POST", `visits/${visit}/vehicle`, { plate: this.plate });
      this.visits = null;
      this.say(t("Asked for. The security office approves it; until then it stays outside."), "done");
    });
  }

  body() {
    return html`<div class="veh-sheet">
      <wg-plate-pad
        .value=${this.plate}
        .error=${this.error}
        .folded=${this.found !== null}
        .done=${this.row ? t("Let in") : t("Look it up")}
        .busy=${this.busy === "look" || this.busy === "in"}
        @wg-plate=${(/** @type {CustomEvent} */ event) => this.typed(event.detail.value)}
        @wg-plate-done=${() => void (this.row ? this.letIn(this.plate) : this.lookUp())}
      ></wg-plate-pad>
      ${this.row
        ? html`<p class="quiet">${t("Type what stands on the vehicle. The rules decide about that plate, with your word.")}</p>`
        : this.found
          ? this.about(this.found)
          : html`<p class="quiet">${t("Type the plate: who it belongs to, and whether it may drive in, appear here.")}</p>`}
    </div>`;
  }

  about(/** @type {any} */ found) {
    const vehicle = found.vehicle;
    const holder = found.holder;
    return html`<section class="veh-found" aria-label=${found.plate}>
      <h3 class="veh-plate">${found.plate}</h3>
      ${holder
        ? html`<p class="veh-who"><b>${holder.name}</b> ${dotted(word("kind", holder.kind), vehicle && word("vehicle", vehicle.kind), vehicle?.essential && t("essential list"))}</p>`
        : html`<p class="veh-who">${t("Nobody has this plate.")}</p>`}
      ${found.decision ? this.decision(found.decision) : nothing}
      ${vehicle?.kind === "bus" ? this.bus(vehicle) : nothing}
      ${found.proposals.length
        ? html`<h3>${t("Registered plates that look like it")}</h3>
            <div class="veh-alike">
              ${found.proposals.map(
                (/** @type {any} */ one) => html`<button
                  type="button"
                  @click=${() => {
                    this.typed(one.plate);
                    void this.lookUp();
                  }}
                >
                  <b>${one.plate}</b> ${one.holder?.name ?? ""}
                </button>`,
              )}
            </div>`
        : nothing}
      ${found.visits.map((/** @type {any} */ one) => this.visit(one))}
      ${this.acts(found)}
      ${this.visits ? this.choose(this.visits) : nothing}
    </section>`;
  }

  decision(/** @type {{outcome: string, reason: string}} */ decision) {
    const said = sentence(decision.reason);
    return html`<p class="veh-verdict" data-outcome=${decision.outcome}>
      <span class="verdict" data-outcome=${decision.outcome}><span aria-hidden="true">${SIGNS[decision.outcome] ?? ""}</span> ${word("verdict", decision.outcome)}</span>
      ${decision.outcome === "grant" ? nothing : html`<span>${said.guard} ${decision.outcome === "deny" ? said.hint : ""}</span>`}
    </p>`;
  }

  bus(/** @type {any} */ bus) {
    const differ = bus.counted_in !== null && bus.counted_out !== null && bus.counted_in !== bus.counted_out;
    return html`<dl class="veh-bus">
        ${bus.route ? html`<dt>${t("Route")}</dt><dd>${bus.route}</dd>` : nothing}
        <dt>${t("Driver")}</dt><dd>${bus.driver?.name ?? "—"}</dd>
        <dt>${t("Attendant")}</dt><dd>${bus.attendant?.name ?? "—"}</dd>
        <dt>${t("Timetable")}</dt><dd>${bus.timetable.map((/** @type {any} */ one) => `${one.from}–${one.to}`).join(", ") || "—"}</dd>
        <dt>${t("Papers until")}</dt>
        <dd data-expires=${bus.expires ?? ""}>
          ${bus.papers_until ? day(bus.papers_until) : "—"}
          ${bus.expires === "expired" ? html`<b><span aria-hidden="true">■</span> ${t("expired")}</b>` : bus.expires === "soon" ? html`<b><span aria-hidden="true">◆</span> ${t("expire soon")}</b>` : nothing}
        </dd>
        <dt>${t("Heads today")}</dt>
        <dd>
          ${t("in {count}", { count: bus.counted_in ?? "—" })} · ${t("out {count}", { count: bus.counted_out ?? "—" })}
          ${differ ? html`<b class="veh-differ"><span aria-hidden="true">◆</span> ${t("{count} differ: count again", { count: Math.abs(bus.counted_in - bus.counted_out) })}</b>` : nothing}
        </dd>
      </dl>
      <div class="veh-heads">
        <label for="veh-heads">${t("Heads on board")}</label>
        <input id="veh-heads" inputmode="numeric" data-keyboard="digits" autocomplete="off" maxlength="3" .value=${this.heads}
          @input=${(/** @type {Event} */ e) => {
            const input = /** @type {HTMLInputElement} */ (e.target);
            this.heads = input.value = input.value.normalize("NFKC").replace(/\D/g, "");
          }} />
        <button type="button" ?disabled=${!this.heads || Number(this.heads) > 200} @click=${() => void this.countHeads("in")}>${t("Drives in")}</button>
        <button type="button" ?disabled=${!this.heads || Number(this.heads) > 200} @click=${() => void this.countHeads("out")}>${t("Drives out")}</button>
      </div>`;
  }

  visit(/** @type {any} */ visit) {
    return html`<p class="veh-visit">
      <span aria-hidden="true">${visit.vehicle_approved ? "✓" : "▲"}</span>
      ${dotted(visit.visitor?.name, visit.vehicle_approved ? t("approved for the visit") : t("waits for the security office"), `${timeOfDay(visit.starts_at).slice(0, 5)}–${timeOfDay(visit.ends_at).slice(0, 5)}`)}
    </p>`;
  }

  acts(/** @type {any} */ found) {
    const may = found.decision !== null && found.decision.outcome !== "deny" && this.kiosk.rights.includes("answer_waiting");
    const asks = !found.holder && !found.visits.length && this.kiosk.rights.includes("register_visits");
    return html`<div class="veh-acts">
      ${may
        ? html`<button type="button" class="main k-big" aria-busy=${this.busy === "in"} @click=${() => void this.letIn(found.plate)}>
            <span aria-hidden="true">✓</span> ${found.decision.outcome === "wait" ? t("I have confirmed the driver: let in") : t("Let in")}
            <small>${place(this.lane)}</small>
          </button>`
        : nothing}
      ${asks
        ? html`<button type="button" class="k-big" @click=${() => void this.showVisits()}>${t("A visitor's car: ask for it")}</button>`
        : nothing}
    </div>`;
  }

  choose(/** @type {any[]} */ visits) {
    return html`<h3>${t("With which visit?")}</h3>
      ${visits.length
        ? html`<div class="veh-alike">
            ${visits.map(
              (one) => html`<button type="button" aria-busy=${this.busy === `visit ${one.id}`} @click=${() => void this.askFor(one.id)}>
                <b>${one.visitor?.name ?? "—"}</b> ${dotted(word("kind", one.kind), one.host?.name)}
              </button>`,
            )}
          </div>`
        : html`<p class="quiet">${t("No visit is open. Register the visitor first; the plate can be asked for with the registration.")}</p>`}`;
  }
}

/** A day as it is written here. */
function day(/** @type {string} */ at) {
  const zh = document.documentElement.lang.startsWith("zh");
  return new Intl.DateTimeFormat(zh ? "zh-CN" : "en-GB", { dateStyle: "medium" }).format(Date.parse(at) - 1000);
}

customElements.define("wg-s-vehicle", VehicleSheet);
