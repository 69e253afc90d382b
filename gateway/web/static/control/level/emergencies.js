/**
 * Lockdown and evacuation: what is in force, its signature and its end by two people, the list of who is missing; and
 * calling one, by pressing and holding.
 */

import { place, t, word } from "../../i18n.js";
import { html, nothing } from "../../live/parts.js";
import "../../kiosk/hold.js";
import { said } from "../../slips/times.js";
import { chips } from "../../ui/chips.js";
import "../../ui/field.js";
import { COMMA } from "./preview_lines.js";
import { drillSign, lasting, realSign } from "./signs.js";

/** @typedef {{id: string, kind: string, zones: string[], cause: string, drill: boolean, state: string, reason: string,
 *   started_at: string, started_by: string | null, signed_by: string | null, ending_by: string | null,
 *   ended_at: string | null, end_reason: string, fire_inputs: string[], on_paper: boolean}} Emergency */
/** @typedef {{zones: string[], reason: string, drill: boolean, end: string}} Call `end`: why one is ended */

/**
 * @param {object} how
 * @param {Emergency[]} how.live
 * @param {Call} how.call
 * @param {string[]} how.zones
 * @param {string[]} how.rights
 * @param {string} how.user
 * @param {string} how.site the zone that holds all
 * @param {string} how.busy
 * @param {string} how.error
 * @param {number} how.now
 * @param {boolean} how.isOpen whether the form to call one is open
 * @param {{set: (some: Partial<Call>) => void, start: (kind: "lockdown" | "evacuate") => void,
 *   sign: (one: Emergency) => void, end: (one: Emergency) => void, open: (on: boolean) => void}} acts
 */
export function emergencyPart({ live, call, zones, rights, user, site, busy, error, now, isOpen }, acts) {
  const may = (/** @type {string} */ right) => rights.includes(right);
  return html`
    ${live.length ? live.map((one) => inForce(one, { may, user, site, busy, call, now }, acts)) : html`<p class="quiet">${t("No emergency is in force.")}</p>`}
    ${may("start_emergency")
      ? html`<details class="call" .open=${isOpen} @toggle=${(/** @type {Event} */ event) => acts.open(/** @type {HTMLDetailsElement} */ (event.target).open)}>
          <summary>${t("Call a lockdown or an evacuation")}</summary>
          ${chips({
            name: "em-zones",
            label: t("Applies to"),
            chosen: call.zones.length ? call.zones : [""],
            options: [["", t("the whole site")], ...zones.map((zone) => [zone, place(zone)])],
            choose: (one) => acts.set({ zones: one === "" ? [] : call.zones.includes(one) ? call.zones.filter((zone) => zone !== one) : [...call.zones, one] }),
          })}
          <wg-field path="em.reason" .label=${t("Reason")} .value=${call.reason} .limit=${500} .optional=${true}
            @wg-input=${(/** @type {CustomEvent<{value: string}>} */ event) => acts.set({ reason: event.detail.value })}></wg-field>
          <label class="choice drill-choice"><input type="checkbox" .checked=${call.drill} @change=${(/** @type {Event} */ event) => acts.set({ drill: /** @type {HTMLInputElement} */ (event.target).checked })} />
            <span>${t("This is a drill")}</span></label>
          <div class="holds">
            <wg-k-hold .text=${call.drill ? t("Lockdown drill") : t("Lockdown")} .busy=${busy === "lockdown"} .held=${() => acts.start("lockdown")}></wg-k-hold>
            <wg-k-hold .text=${call.drill ? t("Evacuation drill") : t("Evacuate")} .sign=${"⇉"} .busy=${busy === "evacuate"} .held=${() => acts.start("evacuate")}></wg-k-hold>
          </div>
          <p class="quiet">${t("Press and hold for two seconds. Lockdown lets nobody in but responders and refuses nobody's leaving; evacuation frees every escape door.")}</p>
        </details>`
      : nothing}
    <p class="error" role="alert">${error ? html`<span aria-hidden="true">◆</span> ${error}` : nothing}</p>
  `;
}

/** @param {Emergency} one @param {any} how @param {any} acts */
function inForce(one, { may, user, site, busy, call, now }, acts) {
  const what = one.kind === "lockdown" ? t("LOCKDOWN") : t("EVACUATION");
  return html`<section class="emergency" data-kind=${one.kind} data-drill=${one.drill} data-id=${one.id}>
    <h3><span aria-hidden="true">${one.kind === "lockdown" ? "■" : "⇉"}</span> ${what} ${one.drill ? drillSign() : realSign()}</h3>
    <p>${one.zones.includes(site) ? t("the whole site") : one.zones.map(place).join(COMMA)} · ${t("since {time}", { time: said(one.started_at) })} · ${lasting((now - Date.parse(one.started_at)) / 1000)}</p>
    <p>${one.cause === "fire" ? t("called by a fire input: nothing to sign") : one.signed_by ? t("signed by {who}", { who: one.signed_by }) : html`<span aria-hidden="true">▲</span> ${t("not signed yet: a leader signs, never the one who called it")}`}
      ${one.on_paper ? nothing : html`<b>${t("not on paper yet")}</b>`}</p>
    ${one.fire_inputs.length ? html`<p class="warn"><span aria-hidden="true">■</span> ${t("Fire input active: {inputs}. It cannot be ended before that is clear.", { inputs: one.fire_inputs.join(", ") })}</p>` : nothing}
    ${one.state === "ending" ? html`<p class="needed"><span aria-hidden="true">▲</span> ${t("{who} has ended it; a second person is needed within 15 minutes", { who: one.ending_by ?? "" })}</p>` : nothing}
    <div class="acts">
      ${one.kind === "evacuate" && (may("start_emergency") || may("sign_emergencies")) ? html`<a class="button" href="/muster" target="_blank" rel="noopener">${t("Who is still inside")}</a>` : nothing}
      ${may("sign_emergencies") && !one.signed_by && one.cause !== "fire" && one.started_by !== user
        ? html`<button type="button" aria-busy=${busy === `sign-${one.id}`} @click=${() => acts.sign(one)}>${t("Sign it")}</button>`
        : nothing}
    </div>
    ${may("end_emergencies") && one.ending_by !== user
      ? html`<details class="end"><summary>${one.ending_by ? t("End it as the second person …") : t("Be the first of two to end it …")}</summary>
          <wg-field path=${`end.${one.id}`} .label=${t("Reason")} .value=${call.end} .limit=${500}
            @wg-input=${(/** @type {CustomEvent<{value: string}>} */ event) => acts.set({ end: event.detail.value })}></wg-field>
          <button type="button" class="main" aria-busy=${busy === `end-${one.id}`} @click=${() => acts.end(one)}>${one.ending_by ? t("End it now") : t("Say that it may end")}</button></details>`
      : nothing}
  </section>`;
}

/** Something real has ended a drill lately: every screen says so. @returns {{at: string, what: string} | null} */
export function realAfterDrill(/** @type {Emergency[]} */ past, /** @type {import("./signs.js").Order[]} */ orders, /** @type {number} */ now) {
  const LATELY_MS = 12 * 3_600_000;
  const found = [
    ...past.filter((one) => one.drill && one.end_reason.startsWith("real_")).map((one) => ({ at: one.ended_at ?? "", what: one.end_reason })),
    ...orders.filter((one) => one.drill && one.revoked_by === "gateway").map((one) => ({ at: one.revoked_at ?? "", what: one.revoke_reason })),
  ].filter((one) => now - Date.parse(one.at) < LATELY_MS);
  found.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return found[0] ?? null;
}

export function realBanner(/** @type {{at: string, what: string}} */ real) {
  return html`<p class="real-banner" role="alert">${realSign()} ${t("The drill ended at {time}: {what}. What is shown now is real.", { time: said(real.at), what: word("real_cause", real.what) })}</p>`;
}
