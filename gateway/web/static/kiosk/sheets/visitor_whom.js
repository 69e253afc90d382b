/** Step 2 of a registration: to whom, why, until when, where to, and what the visitor carries. */

import { html, nothing } from "../sheet.js";
import { place, t, texts, timeOfDay } from "../../i18n.js";
import { endsAt, LIMITS, OUTCOMES, PROHIBITED } from "./visitor_draft.js";
import { belongingWord, outcomeWord, purposes } from "./visitor_words.js";
import { chips } from "../../ui/chips.js";

/** @typedef {import("./visitor_draft.js").Draft} Draft */

/** The choice that opens a field. */
const OWN = "own";

/**
 * @param {Draft} draft
 * @param {Record<string, string>} errors
 * @param {(change: Partial<Draft>) => void} change
 * @param {(q: string) => Promise<import("./visitor_draft.js").Host[]>} find
 * @param {number} now
 */
export function whom(draft, errors, change, find, now) {
  const value = (/** @type {Event} */ event) => /** @type {CustomEvent<{value: string}>} */ (event).detail.value;
  const words = purposes(draft.kind);
  const needed = texts.registration.hosted.includes(draft.kind);
  return html`
    <wg-host-picker
      path="host"
      .label=${draft.kind === "guardian" ? t("To which teacher") : needed ? t("To whom") : t("To whom (optional)")}
      .hint=${t("Letters, characters or the initials of the pinyin")}
      .find=${find}
      .value=${draft.host}
      .error=${errors["host"] ?? ""}
      @wg-chosen=${(/** @type {CustomEvent<import("./visitor_draft.js").Host | null>} */ event) => change({ host: event.detail })}
    ></wg-host-picker>
    ${chips({
      name: "purpose",
      label: t("Why"),
      chosen: [draft.own ? OWN : draft.purpose],
      options: [...words.map((one) => [one, one]), [OWN, t("in other words")]],
      choose: (purpose) => (purpose === OWN ? change({ own: true, purpose: "" }) : change({ own: false, purpose })),
      error: draft.own ? "" : (errors["purpose"] ?? ""),
    })}
    ${draft.own
      ? html`<wg-field
          path="purpose"
          .label=${t("Why, in other words")}
          .value=${draft.purpose}
          .limit=${LIMITS.purpose}
          .error=${errors["purpose"] ?? ""}
          @wg-input=${(/** @type {Event} */ event) => change({ purpose: value(event) })}
        ></wg-field>`
      : nothing}
    ${until(draft, errors, change, now, value)} ${belongings(draft, errors, change)}
    <details class="reg-more" ?open=${draft.zones.length > 0}>
      <summary>${t("Only to some places")} <span class="optional">${t("optional")}</span></summary>
      ${chips({
        name: "zones",
        label: t("Places"),
        quiet: true,
        chosen: draft.zones,
        options: texts.registration.zones.map((zone) => [zone, place(zone)]),
        choose: (zone) =>
          change({
            zones: draft.zones.includes(zone) ? draft.zones.filter((one) => one !== zone) : [...draft.zones, zone],
          }),
        error: errors["zones"] ?? "",
      })}
    </details>
    ${errors[""] ? html`<p class="error" role="alert"><span aria-hidden="true">◆</span> ${errors[""]}</p>` : nothing}
  `;
}

/**
 * @param {Draft} draft
 * @param {Record<string, string>} errors
 * @param {(change: Partial<Draft>) => void} change
 * @param {number} now
 * @param {(event: Event) => string} value
 */
function until(draft, errors, change, now, value) {
  const ends = endsAt(draft, now);
  const isOther = draft.until === "other";
  return html`
    ${chips({
      name: "until",
      label: ends === null ? t("Until when") : t("Until when: {time}", { time: timeOfDay(ends).slice(0, 5) }),
      chosen: [draft.until],
      options: [
        ["1h", t("1 hour")],
        ["2h", t("2 hours")],
        ["half", t("half a day")],
        ["day", t("end of the school day")],
        ["other", t("other time")],
      ],
      choose: (chosen) => change({ until: chosen }),
      error: isOther ? "" : (errors["ends_at"] ?? ""),
    })}
    ${isOther
      ? html`<wg-field
          path="ends_at"
          keyboard="digits"
          .label=${t("Until, today")}
          .hint=${t("as 16:30 or 1630")}
          .value=${draft.time}
          .error=${errors["ends_at"] ?? ""}
          @wg-input=${(/** @type {Event} */ event) => change({ time: value(event) })}
        ></wg-field>`
      : nothing}
  `;
}

/**
 * @param {Draft} draft
 * @param {Record<string, string>} errors
 * @param {(change: Partial<Draft>) => void} change
 */
function belongings(draft, errors, change) {
  const kinds = draft.belongings.map((one) => one.kind);
  const error = errors["belongings"] ?? Object.entries(errors).find(([path]) => path.startsWith("belongings["))?.[1];
  const without = (/** @type {string} */ kind) => draft.belongings.filter((one) => one.kind !== kind);
  return html`
    ${chips({
      name: "belongings",
      label: t("What the visitor carries"),
      chosen: draft.nothing ? ["nothing"] : kinds,
      options: [
        ["nothing", t("Nothing to declare")],
        ...[...PROHIBITED, "none"].map((kind) => [kind, belongingWord(kind)]),
      ],
      choose: (kind) => {
        if (kind === "nothing") change({ nothing: !draft.nothing, belongings: [] });
        else if (kinds.includes(kind)) change({ belongings: without(kind) });
        else {
          const outcome = kind === "none" ? "carried" : "stays_outside";
          change({ nothing: false, belongings: [...draft.belongings, { what: "", kind, outcome }] });
        }
      },
      error: error ?? "",
    })}
    <ul class="reg-things">
      ${draft.belongings.map((one, at) => thing(one, at, (next) =>
        change({ belongings: draft.belongings.map((other, where) => (where === at ? next : other)) }),
      ))}
    </ul>
  `;
}

/**
 * @param {import("./visitor_draft.js").Belonging} one
 * @param {number} at
 * @param {(next: import("./visitor_draft.js").Belonging) => void} change
 */
function thing(one, at, change) {
  return html`<li>
    <wg-field
      path=${`belongings[${at}].what`}
      .label=${one.kind === "none" ? t("What it is") : t("{kind}: what it is", { kind: belongingWord(one.kind) })}
      .optional=${true}
      .value=${one.what}
      .limit=${LIMITS.what}
      @wg-input=${(/** @type {CustomEvent<{value: string}>} */ event) => change({ ...one, what: event.detail.value })}
    ></wg-field>
    ${one.kind === "none"
      ? nothing
      : chips({
          name: `outcome-${at}`,
          label: t("What becomes of it"),
          chosen: [one.outcome],
          options: OUTCOMES.map((outcome) => [outcome, outcomeWord(outcome)]),
          choose: (outcome) => change({ ...one, outcome }),
        })}
  </li>`;
}
