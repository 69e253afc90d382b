/**
 * A pass is shown to the guard: by a scanner that types, or before the kiosk's camera. Decided as at the gate's reader.
 *
 * `scanned(code)` presents a code, or says that what was scanned is none (null): a scanner typed it (scanner.js).
 */

import { sentence, t, word } from "../../i18n.js";
import { canBeUsed, Camera } from "../camera.js";
import { codeIn } from "../wedge.js";
import { html, nothing, Sheet } from "../sheet.js";

const SIGNS = /** @type {Record<string, string>} */ ({ grant: "✓", deny: "✕", wait: "…" });

/** @typedef {{portal: string, direction: "in" | "out", name: {en: string, zh: string}}} Way */

export class ScanSheet extends Sheet {
  static properties = {
    ...Sheet.properties,
    way: { state: true },
    busy: { state: true },
    result: { state: true },
    watching: { state: true },
  };

  constructor() {
    super();
    /** @type {Way | null} */
    this.way = null;
    this.busy = false;
    /** What the gateway said of the last code. @type {any} */
    this.result = null;
    /** The code itself, for the guard's second word; it is never shown. */
    this.value = "";
    this.watching = false;
    /** @type {Camera | null} */
    this.camera = null;
  }

  opened() {
    this.way = this.ways()[0] ?? null;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.stopCamera();
  }

  /** In first: that is what a guard's scanner is for. @returns {Way[]} */
  ways() {
    /** @type {Way[]} */
    const found = [];
    for (const direction of /** @type {const} */ (["in", "out"])) {
      for (const portal of this.kiosk.portals) {
        if (portal.kind !== "gate" || !portal.directions.includes(direction)) continue;
        found.push({ portal: portal.id, direction, name: portal.name });
      }
    }
    return found;
  }

  /** What a scanner or the camera read; null: no code of a visitor. */
  scanned(/** @type {string | null} */ code) {
    if (this.busy) return;
    if (code === null) {
      this.result = null;
      this.say(t("That is no visitor's code. Hold the code on the pass before the scanner."), "wrong");
      return;
    }
    this.value = code;
    void this.present(false);
  }

  async present(/** @type {boolean} */ confirm) {
    if (this.way === null || this.busy) return;
    this.busy = true;
    this.say("");
    const { portal, direction } = this.way;
    try {
      this.result = await this.kiosk.ask("POST", "passes/present", { portal, direction, value: this.value, confirm });
      this.kiosk.sound(this.result.outcome === "grant" ? "grant" : this.result.outcome === "wait" ? "wait" : "refuse");
    } catch (problem) {
      this.result = null;
      this.say(inWords(problem), "wrong");
    } finally {
      this.busy = false;
    }
  }

  async watch() {
    this.watching = true;
    this.result = null;
    this.say("");
    await this.updateComplete;
    const video = this.querySelector("video");
    if (video === null) return;
    const found = (/** @type {string} */ read) => {
      this.stopCamera();
      this.scanned(codeIn(read));
    };
    this.camera = new Camera(video, found, (what) => {
      if (what !== "slow") this.stopCamera();
      this.say(CAMERA[what]?.() ?? "", "wrong");
    });
    await this.camera.start();
  }

  stopCamera() {
    this.camera?.stop();
    this.camera = null;
    this.watching = false;
  }

  body() {
    if (this.way === null) return html`<p>${t("This gate has no portal for people on foot.")}</p>`;
    return html`
      <div class="scan-ways chips" role="group" aria-label=${t("Where")}>
        ${this.ways().map(
          (way) => html`<button
            type="button"
            aria-pressed=${way.portal === this.way?.portal && way.direction === this.way.direction}
            @click=${() => {
              this.way = way;
              this.result = null;
            }}
          >
            ${way.direction === "in" ? "→" : "←"} ${word("direction", way.direction)} ·
            ${document.documentElement.lang.startsWith("zh") ? way.name.zh : way.name.en}
          </button>`,
        )}
      </div>
      ${this.watching
        ? html`<div class="scan-camera">
            <video muted playsinline aria-label=${t("What the camera sees")}></video>
            <p>${t("Hold the code before the camera.")}</p>
            <button type="button" @click=${() => this.stopCamera()}>${t("Camera off")}</button>
          </div>`
        : html`<div class="scan-ready">
            ${this.result === null ? html`<p class="scan-hint">${t("Scan the code with the hand scanner, or use the camera.")}</p>` : this.verdict()}
            ${this.result?.confirm
              ? nothing
              : canBeUsed()
              ? html`<button type="button" ?disabled=${this.busy} @click=${() => void this.watch()}>
                  ${this.result === null ? t("Camera on") : t("Next code by camera")}
                </button>`
              : html`<p class="scan-hint">${t("The camera needs a page under HTTPS. The hand scanner works here too.")}</p>`}
          </div>`}
    `;
  }

  verdict() {
    const { outcome, reason, holder, confirm, visit } = this.result;
    const said = sentence(reason);
    return html`<div class="scan-verdict" data-outcome=${outcome} role="status">
      <p class="verdict" data-outcome=${outcome}>
        <span aria-hidden="true">${SIGNS[outcome]}</span> ${word("verdict", outcome)}
      </p>
      ${holder ? html`<p class="scan-who"><b>${holder.name}</b> ${word("kind", holder.kind)}</p>` : nothing}
      ${reason === "ok" ? nothing : html`<p>${said.guard}</p>`}
      ${outcome === "grant" ? nothing : html`<p class="scan-hint">${said.hint}</p>`}
      <div class="scan-acts">
        ${confirm
          ? html`<button type="button" class="main" ?disabled=${this.busy} @click=${() => void this.present(true)}>
              ${t("Let in")}
            </button>`
          : nothing}
        ${visit !== null && outcome !== "grant" && this.kiosk.rights.includes("register_visits")
          ? html`<button type="button" @click=${() => void this.kiosk.open("visitor", { visit })}>${t("Open the visit")}</button>`
          : nothing}
      </div>
    </div>`;
  }
}

/** @type {Record<string, () => string>} */
const CAMERA = {
  denied: () => t("The browser does not let this page use the camera. Allow it, or use the hand scanner."),
  none: () => t("No camera was found. Connect one, or use the hand scanner."),
  busy: () => t("Another program is using the camera. Close it, or use the hand scanner."),
  lost: () => t("The camera was unplugged. Connect it, or use the hand scanner."),
  slow: () => t("Pictures do not get through to the gateway just now. The hand scanner may be quicker."),
};

function inWords(/** @type {any} */ problem) {
  if (String(problem.detail).startsWith("responder")) return t("Let responders in by the button for responders.");
  if (problem.kind === "conflict") return t("The reader of this gate is not there. Open by hand, or try the other one.");
  return String(problem.message);
}

customElements.define("wg-s-scan", ScanSheet);
