/** Responders at the gate, and whoever must go out because of illness or danger: how many, which portal, one touch. */

import { t } from "../../i18n.js";
import { chips } from "../../ui/chips.js";
import { html, nothing, Sheet } from "../sheet.js";

const MOST = 50;
const SERVICES = ["police", "fire", "ambulance", "other"];

export class ResponderSheet extends Sheet {
  static properties = { ...Sheet.properties, count: { state: true }, busy: { state: true }, service: { state: true } };

  constructor() {
    super();
    this.count = 1;
    this.busy = "";
    /** Which of them; "" where nobody had the time to say. */
    this.service = "";
  }

  async openFor(/** @type {"responder" | "let_out"} */ kind, /** @type {string} */ portal) {
    if (this.busy) return;
    this.busy = `${kind} ${portal}`;
    this.say("");
    const direction = kind === "responder" ? "in" : "out";
    try {
      const done = await this.kiosk.ask("POST", "openings", {
        portal,
        direction,
        kind,
        count: this.count,
        ...(kind === "responder" && this.service ? { service: this.service } : {}),
      });
      this.kiosk.sound("grant");
      this.say(
        done.disposal
          ? t("It opens. A second person has 15 minutes to say what became of it.")
          : t("It opens."),
        "done",
      );
    } catch (problem) {
      this.kiosk.sound("refuse");
      this.say(problem instanceof Error ? problem.message : String(problem), "wrong");
    }
    this.busy = "";
  }

  body() {
    const leads = (/** @type {string} */ way) => this.kiosk.portals.filter((one) => one.directions.includes(way));
    return html`
      <div class="k-count" role="group" aria-label=${t("How many")}>
        <span>${t("How many")}</span>
        <button type="button" aria-label=${t("One fewer")} ?disabled=${this.count <= 1} @click=${() => (this.count -= 1)}>−</button>
        <output>${this.count}</output>
        <button type="button" aria-label=${t("One more")} ?disabled=${this.count >= MOST} @click=${() => (this.count += 1)}>+</button>
      </div>
      <h3>${t("Police, fire brigade, ambulance: let in")}</h3>
      ${chips({
        name: "service",
        label: t("Which of them"),
        quiet: true,
        chosen: [this.service],
        options: SERVICES.map((one) => [one, serviceWord(one)]),
        choose: (one) => (this.service = one === this.service ? "" : one),
      })}
      <div class="k-portals">${leads("in").map((portal) => this.button("responder", portal))}</div>
      <h3>${t("Illness or danger: let out")}</h3>
      <div class="k-portals">${leads("out").map((portal) => this.button("let_out", portal))}</div>
      ${this.kiosk.state.level.level < 3
        ? html`<p class="quiet">${t("The control room is told at once.")}</p>`
        : nothing}
    `;
  }

  button(/** @type {"responder" | "let_out"} */ kind, /** @type {any} */ portal) {
    const busy = this.busy === `${kind} ${portal.id}`;
    return html`<button
      type="button"
      class="k-big ${kind === "responder" ? "main" : ""}"
      aria-busy=${busy}
      data-portal=${portal.id}
      @click=${() => void this.openFor(kind, portal.id)}
    >
      <span aria-hidden="true">${kind === "responder" ? "✚" : "→"}</span> ${placeName(portal)}
    </button>`;
  }
}

function serviceWord(/** @type {string} */ service) {
  switch (service) {
    case "police":
      return t("Police");
    case "fire":
      return t("Fire brigade");
    case "ambulance":
      return t("Ambulance");
    default:
      return t("Others");
  }
}

function placeName(/** @type {{name: {en: string, zh: string}}} */ portal) {
  return document.documentElement.lang.startsWith("zh") ? portal.name.zh : portal.name.en;
}

customElements.define("wg-s-responder", ResponderSheet);
