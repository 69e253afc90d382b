/**
 * Devices come, get a new key, are replaced and go. What a new one has to know is shown once, as a file to take away.
 *
 * @typedef {{device: string, kind: string, site: string, key: string, username: string, password: string | null,
 *   topic: string, portal: string | null, zone: string | null, broker: {step: string, trouble: string | null}}} Bundle
 * @typedef {{others: number, waiting: number, untold: number, alarms: number}} Consequences
 */

import "../../kiosk/hold.js";
import { place, t, word } from "../../i18n.js";
import { html, nothing, Part } from "../../live/parts.js";

/** The secrets of one device, this one time. @param {Bundle} bundle @param {() => void} done */
export function handedOver(bundle, done) {
  const text = JSON.stringify(Object.fromEntries(Object.entries(bundle).filter(([name, value]) => name !== "broker" && !(name === "password" && value === null))), null, 2);
  const rows = [
    [t("Name"), bundle.device],
    [t("Topics begin with"), bundle.topic],
    [t("User name"), bundle.username],
    ...(bundle.password === null ? [] : [[t("Password"), bundle.password]]),
    [t("Key"), bundle.key],
  ];
  return html`<section class="dv-bundle" aria-labelledby="h-bundle">
    <h3 id="h-bundle" tabindex="-1">${t("What {device} has to know", { device: bundle.device })}</h3>
    <p class="dv-warn"><span aria-hidden="true">◆</span> ${t("This is shown once and kept nowhere. Take it to the device now; whoever has it can pretend to be the device.")}</p>
    <dl>${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd><code>${value}</code></dd></div>`)}</dl>
    <p data-step=${bundle.broker.step}>${word("broker_step", bundle.broker.step)} ${bundle.broker.trouble ?? nothing}</p>
    <div class="dv-acts">
      <button type="button" class="main" @click=${() => save(`${bundle.device}.json`, text)}>${t("Save as a file")}</button>
      <button type="button" @click=${done}>${t("I have it: forget it here")}</button>
    </div>
  </section>`;
}

function save(/** @type {string} */ name, /** @type {string} */ text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export class NewDevice extends Part {
  static properties = { places: { attribute: false }, errors: { attribute: false }, busy: { attribute: false }, draft: { state: true } };

  constructor() {
    super();
    /** @type {{portals: Record<string, string[]>, zones: Record<string, string[]>} | null} */
    this.places = null;
    /** What is wrong, by field. @type {Record<string, string>} */
    this.errors = {};
    this.busy = "";
    this.draft = { id: "", kind: "reader", place: "", locations: "" };
  }

  set(/** @type {object} */ some) {
    this.draft = { ...this.draft, ...some };
  }

  render() {
    if (this.places === null) return html`<p class="empty">${t("loading …")}</p>`;
    const { draft } = this;
    const portals = this.places.portals[draft.kind] ?? [];
    const zones = this.places.zones[draft.kind] ?? [];
    const wrong = (/** @type {string} */ field) => (this.errors[field] ? html`<p class="error" role="alert" id=${`dv-e-${field}`}><span aria-hidden="true">◆</span> ${this.errors[field]}</p>` : nothing);
    const submit = (/** @type {Event} */ event) => {
      event.preventDefault();
      const [sort, id] = draft.place.split(":");
      const locations = draft.kind === "panel" ? draft.locations.split("\n").map((one) => one.trim()).filter(Boolean) : [];
      const at = sort === "portal" ? { portal: id } : sort === "zone" ? { zone: id } : {};
      this.dispatchEvent(new CustomEvent("wg-wish", { detail: { act: "enrol", body: { id: draft.id.trim(), kind: draft.kind, locations, ...at } }, bubbles: true }));
    };
    return html`<section class="dv-box" aria-labelledby="h-new">
      <h2 id="h-new" tabindex="-1">${t("Enrol a device")}</h2>
      <form class="dv-form" @submit=${submit}>
        <label><span>${t("Kind")}</span>
          <select @change=${(/** @type {any} */ event) => this.set({ kind: event.target.value, place: "" })}>
            ${Object.keys(this.places.portals).map((kind) => html`<option value=${kind} ?selected=${kind === draft.kind}>${word("device", kind)}</option>`)}
          </select></label>${wrong("kind")}
        <label><span>${t("Name: a to z, 0 to 9 and -")}</span>
          <input name="id" maxlength="63" autocomplete="off" autocapitalize="none" spellcheck="false" .value=${draft.id} aria-invalid=${this.errors.id ? "true" : nothing} aria-describedby="dv-e-id" @input=${(/** @type {any} */ event) => this.set({ id: event.target.value })} /></label>${wrong("id")}
        <label><span>${t("Where it stands")}</span>
          <select .value=${draft.place} @change=${(/** @type {any} */ event) => this.set({ place: event.target.value })}>
            <option value="" ?selected=${!draft.place}>${t("choose …")}</option>
            ${portals.map((id) => html`<option value=${`portal:${id}`} ?selected=${draft.place === `portal:${id}`}>${place(id)}</option>`)}
            ${zones.map((id) => html`<option value=${`zone:${id}`} ?selected=${draft.place === `zone:${id}`}>${place(id)}</option>`)}
          </select></label>${wrong("portal")}${wrong("zone")}
        ${draft.kind === "panel" ? html`<label><span>${t("Its panic buttons, one name a line")}</span> <textarea rows="3" .value=${draft.locations} @input=${(/** @type {any} */ event) => this.set({ locations: event.target.value })}></textarea></label>${wrong("location")}` : nothing}
        <button type="submit" class="main" ?disabled=${this.busy !== "" || !draft.id.trim() || !draft.place}>${t("Enrol it")}</button>
        <p class="quiet">${t("Its key and password are shown once, right after this.")}</p>
      </form>
    </section>`;
  }
}

customElements.define("wg-c-new-device", NewDevice);

export class EnrolmentPart extends Part {
  static properties = {
    device: { attribute: false },
    online: { attribute: false },
    going: { attribute: false },
    busy: { attribute: false },
    wish: { state: true },
    reason: { state: true },
  };

  constructor() {
    super();
    this.device = "";
    this.online = false;
    /** What goes with it. @type {Consequences | null} */
    this.going = null;
    this.busy = "";
    /** @type {"" | "rotate-key" | "replace" | "retire"} */
    this.wish = "";
    this.reason = "";
  }

  willUpdate(/** @type {Map<string, unknown>} */ changed) {
    if (changed.has("device")) {
      this.wish = "";
      this.reason = "";
    }
  }

  want(/** @type {object} */ wish) {
    this.dispatchEvent(new CustomEvent("wg-wish", { detail: wish, bubbles: true }));
  }

  begin(/** @type {"rotate-key" | "replace" | "retire"} */ wish) {
    this.wish = this.wish === wish ? "" : wish;
    if (this.wish === "replace" || this.wish === "retire") this.want({ act: "consequences", device: this.device });
  }

  render() {
    const choice = (/** @type {"rotate-key" | "replace" | "retire"} */ wish, /** @type {string} */ name) => html`<button type="button" aria-expanded=${this.wish === wish} @click=${() => this.begin(wish)}>${name}</button>`;
    return html`<section class="dv-box" aria-labelledby="h-enrolment">
      <h3 id="h-enrolment">${t("Enrolment")}</h3>
      <div class="dv-acts">${choice("rotate-key", t("New key …"))} ${choice("replace", t("Replace it …"))} ${choice("retire", t("Retire it …"))}</div>
      ${this.wish === "rotate-key" ? this.rotate() : this.wish ? this.second(this.wish) : nothing}
    </section>`;
  }

  rotate() {
    return html`<div class="dv-give">
      <p>${t("The same device gets a new key. The old one is taken until the device uses the new one, for 24 hours at most. Its password at the broker stays.")}</p>
      <button type="button" class="main" ?disabled=${this.busy !== ""} @click=${() => this.want({ act: "rotate-key", device: this.device })}>${t("Give it a new key")}</button>
    </div>`;
  }

  /** With what it costs, in numbers. @param {"replace" | "retire"} wish */
  second(wish) {
    const { going } = this;
    const ready = going !== null && this.reason.trim() !== "" && this.busy === "";
    const name = wish === "retire" ? t("Retire {device}", { device: this.device }) : t("Replace {device}", { device: this.device });
    return html`<div class="dv-give dv-second" role="group" aria-label=${name}>
      <p>${wish === "retire" ? t("The gateway and the broker refuse it from that moment on.") : t("Another device takes its place and name. The old one is refused from that moment on.")}</p>
      ${going === null
        ? html`<p class="quiet">${t("looking what goes with it …")}</p>`
        : html`<ul>
            <li>${going.others ? t("{count} others like it stay in its place.", { count: going.others }) : html`<b>${t("It is the only one of its kind in its place: nobody passes there by card until there is another.")}</b>`}</li>
            <li>${going.waiting ? html`<b>${t("{count} people wait at it for a word.", { count: going.waiting })}</b>` : t("Nobody waits at it.")}</li>
            <li>${going.untold ? html`<b>${t("{count} events that it has not told are lost.", { count: going.untold })}</b>` : t("No event is lost.")}</li>
            <li>${t("{count} open alarms name it.", { count: going.alarms })}</li>
            ${this.online ? html`<li><b>${t("It is there and works just now.")}</b></li>` : nothing}
          </ul>`}
      <label class="dv-reason"><span>${t("Reason")}</span>
        <input maxlength="200" autocomplete="off" .value=${this.reason} @input=${(/** @type {any} */ event) => (this.reason = event.target.value)} /></label>
      <div class="dv-acts">
        ${ready
          ? html`<wg-k-hold .text=${name} .held=${() => this.want({ act: wish, device: this.device, reason: this.reason.trim() })}></wg-k-hold>`
          : html`<button type="button" class="k-hold" disabled><span class="k-ring" aria-hidden="true">■</span><span>${name}</span></button>`}
        <button type="button" @click=${() => (this.wish = "")}>${t("No, leave it")}</button>
      </div>
      ${this.reason.trim() ? nothing : html`<p class="quiet">${t("Say why first; it is recorded.")}</p>`}
    </div>`;
  }
}

customElements.define("wg-c-enrolment", EnrolmentPart);
