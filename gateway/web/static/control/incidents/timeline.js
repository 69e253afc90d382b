/**
 * What happened around an incident, the oldest first, as it was gathered: time, sign, what, where, by whom.
 *
 * @typedef {{seq: number, at: string, what: string, word: string, place: string | null, reason: string | null,
 *   by: string | null, person: {id: string, name: string, kind: string} | null, alarm: string | null, text: string,
 *   pictures: {camera: string, id: string}[], drill: boolean, direction: string | null, level: number | null,
 *   minutes: number[] | null}} Entry
 */

import { sentence, t, texts, timeOfDay, word } from "../../i18n.js";
import { dotted, html, nothing, Part, SIGNS } from "../../live/parts.js";
import { repeat } from "lit/directives/repeat.js";
import { moment } from "../people/times.js";
import { at } from "./places.js";

/** Which words say what the closed word of a row means. */
const GROUPS = /** @type {Record<string, string>} */ ({
  decision: "verdict",
  answer: "verdict",
  event: "device_event",
  command: "device_action",
  result: "command_state",
  command_withheld: "command_state",
  permit: "incident_step",
  emergency_started: "emergency_kind",
  alarm_pictures: "picture_why",
});

/** The sign of a row: a shape for each family, so that a list can be read from afar. */
function sign(/** @type {Entry} */ one) {
  if (one.what === "decision" || one.what === "answer") return SIGNS[one.word] ?? "·";
  if (one.what === "permit") return "✎";
  if (one.what.startsWith("alarm") || one.what === "guard_panic") return "◆";
  if (one.what === "command" || one.what === "result") return "→";
  if (one.what.startsWith("emergency_") || one.what.startsWith("order_") || one.what === "level_changed") return "▮";
  return "●";
}

/** What it is, in one line. */
export function title(/** @type {Entry} */ one) {
  if (one.what === "permit") {
    return one.minutes?.length ? t("Duty leader called after {count} min", { count: one.minutes.at(-1) ?? 0 }) : word("incident_step", one.word);
  }
  const group = GROUPS[one.what] ?? (one.what.startsWith("alarm") ? "alarm" : "");
  const meaning = group && texts.words[group]?.[one.word] !== undefined ? word(group, one.word) : "";
  return dotted(word("happened", one.what), meaning, one.level !== null && one.what === "level_changed" && `L${one.level}`);
}

export class TimelinePart extends Part {
  /** @type {import("lit").PropertyDeclarations} */
  static properties = {
    entries: { attribute: false },
    more: { attribute: false },
    pictures: { attribute: false },
  };

  constructor() {
    super();
    /** @type {Entry[]} */
    this.entries = [];
    /** There is more that is not fetched yet. */
    this.more = false;
    /** Small pictures may be seen. */
    this.pictures = false;
  }

  render() {
    return html`<section class="i-timeline" aria-labelledby="h-timeline">
      <h2 id="h-timeline">${t("What happened")}</h2>
      <p class="quiet">${t("Gathered by itself, from ten minutes before it happened.")}</p>
      <ol>${repeat(this.entries, (one) => one.seq, (one) => this.entry(one))}</ol>
      ${this.entries.length ? nothing : html`<p class="empty">${t("Nothing yet. What happens at this place appears here by itself.")}</p>`}
      ${this.more
        ? html`<p class="acts"><button type="button" @click=${() => this.dispatchEvent(new CustomEvent("wg-i-more", { bubbles: true }))}>${t("Show more")}</button></p>`
        : nothing}
    </section>`;
  }

  /** @param {Entry} one */
  entry(one) {
    const reason = one.reason && texts.sentences[one.reason] ? sentence(one.reason).guard : "";
    return html`<li data-what=${one.what}>
      <time datetime=${one.at} title=${moment(one.at)}>${timeOfDay(one.at)}</time>
      <span class="sign" aria-hidden="true">${sign(one)}</span>
      <div>
        <p><b>${title(one)}</b>${one.drill ? html` <span class="drill">${t("DRILL")}</span>` : nothing}</p>
        <p class="quiet">${dotted(at(one.place), one.direction && word("direction", one.direction), reason, one.person?.name, one.by)}</p>
        ${one.text ? html`<p class="typed">${one.text}</p>` : nothing}
        ${one.pictures.length && this.pictures
          ? html`<p class="pictures">${one.pictures.map(
              (picture) =>
                html`<a href=${`/api/v1/cameras/${picture.camera}/evidence/${picture.id}`} target="_blank" rel="noopener"
                  ><img loading="lazy" src=${`/api/v1/cameras/${picture.camera}/evidence/${picture.id}`} alt=${t("Picture of {place}", { place: at(picture.camera) })} /></a>`,
            )}</p>`
          : nothing}
      </div>
    </li>`;
  }
}

customElements.define("wg-i-timeline", TimelinePart);
