/** What lies under the signs: the school's picture or drawing, and the zones with their levels. */

import { nothing, svg } from "lit";
import { t, word } from "../../i18n.js";
import { nameOf } from "./board.js";
import { widthOf } from "./clusters.js";
import { SHAPES } from "./standings.js";

/** @typedef {import("./standings.js").Plan} Plan @typedef {import("./standings.js").Zone} Zone */
/** @typedef {{level: number, drill: boolean, emergency: string, isDrill: boolean}} Holds */

/** Patterns are made for the screen, not for the plan: `plan.js` keeps their size when the plan is enlarged. */
export const PATTERNS = svg`<defs>
  <pattern id="wgp-drill" class="wg-pattern" width="26" height="26" patternUnits="userSpaceOnUse"><path class="stripe" d="M-4 30L30-4M-4 4L4-4M22 30L30 22"></path></pattern>
  <pattern id="wgp-level-2" class="wg-pattern" width="64" height="64" patternUnits="userSpaceOnUse"><path class="bars-2" d="M13 10V22M19 10V22M45 42V54M51 42V54"></path></pattern>
  <pattern id="wgp-level-1" class="wg-pattern" width="72" height="72" patternUnits="userSpaceOnUse"><path class="bars-1" d="M12 11V25M18 11V25M24 11V25M48 47V61M54 47V61M60 47V61"></path></pattern>
  <pattern id="wgp-lockdown" class="wg-pattern" width="18" height="18" patternUnits="userSpaceOnUse"><path class="called" d="M0 0L18 18M18 0L0 18"></path></pattern>
  <pattern id="wgp-evacuate" class="wg-pattern" width="34" height="34" patternUnits="userSpaceOnUse"><path class="called" d="M6 24L15 15L24 24M6 14L15 5L24 14"></path></pattern>
  <pattern id="wgp-lost" width="6" height="6" patternUnits="userSpaceOnUse"><path class="hatching" d="M-1 7L7-1M-1 1L1-1M5 7L7 5"></path></pattern>
  <pattern id="wgp-water" class="wg-pattern" width="24" height="12" patternUnits="userSpaceOnUse"><path class="wave" d="M0 6q6-5 12 0t12 0"></path></pattern>
</defs>`;

const PATTERNED = ["water"];

/** The picture, and everything that is drawn. @param {Plan} plan */
export function ground(plan) {
  const [width, height] = plan.size;
  return svg`<rect class="paper" width=${width} height=${height}></rect>
    ${plan.picture === null ? nothing : svg`<image class="picture" href=${plan.picture} width=${width} height=${height} preserveAspectRatio="xMidYMid meet"></image>`}
    ${plan.ground.map(({ kind, shape, points, width: wide }) => {
      if (shape === "dots") return points.map(([x, y]) => svg`<circle class="ground" data-kind=${kind} cx=${x} cy=${y} r=${wide}></circle>`);
      if (shape === "line") return svg`<polyline class="ground-line" data-kind=${kind} points=${written(points)} stroke-width=${wide}></polyline>`;
      return svg`<polygon class="ground" data-kind=${kind} points=${written(points)}></polygon>${
        PATTERNED.includes(kind) ? svg`<polygon class="ground-over" data-kind=${kind} points=${written(points)}></polygon>` : nothing
      }`;
    })}`;
}

/** Outlines, what holds there by fill and pattern. What is as in the zone around it is not filled once more. @param {Plan} plan @param {Map<string, Holds>} holds */
export function zones(plan, holds) {
  const known = new Set(plan.zones.map((zone) => zone.id));
  return plan.zones.map((zone) => {
    const own = holds.get(zone.id);
    const around = zone.parent !== null && known.has(zone.parent) ? holds.get(zone.parent) : undefined;
    const [fills, drills, calls] = [own?.level !== around?.level, own?.drill !== around?.drill, own?.emergency !== around?.emergency];
    const points = written(zone.outline);
    return svg`<g class="zone" data-id=${zone.id} data-kind=${zone.kind} data-level=${own?.level ?? 3} data-deep=${depth(zone, plan.zones)}
      data-emergency=${own?.emergency || nothing}>
      <polygon class="outline" points=${points}></polygon>
      ${own && own.level < 3 && fills ? svg`<polygon class="tint" points=${points}></polygon><polygon class="bars" points=${points}></polygon>` : nothing}
      ${own?.drill && drills ? svg`<polygon class="drill" points=${points}></polygon>` : nothing}
      ${own?.emergency && calls ? svg`<polygon class="call" data-kind=${own.emergency} points=${points}></polygon>` : nothing}
    </g>`;
  });
}

/** Names of buildings and fields that are no zone, where nothing else stands. @param {Plan} plan @param {import("./clusters.js").Boxes} boxes @param {number} scale @param {number} unit */
export function groundNames(plan, boxes, scale, unit) {
  return plan.ground.flatMap(({ name, shape, points }) => {
    if (name === null || shape !== "area") return [];
    const [text, [x, y]] = [nameOf(name), middle(points)];
    const width = widthOf(text, 14) * unit + 8;
    return room(points, scale) >= width && boxes.isFree(x * scale, y * scale, width, 20 * unit) ? [{ text, x, y }] : [];
  });
}

/** @param {{text: string, x: number, y: number}} name */
export function groundName({ text, x, y }) {
  return svg`<g class="ground-name" transform=${`translate(${x} ${y})`}><text class="un" y="5">${text}</text></g>`;
}

/**
 * What is said of a zone: its name, the level if another one holds around it, drill, lockdown. Nothing where it does
 * not fit and nothing is out of the ordinary.
 * @param {Plan} plan @param {Map<string, Holds>} holds @param {Map<string, import("./standings.js").Standing>} standings
 * @param {number} scale @param {number} unit
 */
export function zoneLabels(plan, holds, standings, scale, unit) {
  const known = new Set(plan.zones.map((zone) => zone.id));
  return plan.zones.flatMap((zone) => {
    const own = holds.get(zone.id) ?? { level: 3, drill: false, emergency: "", isDrill: false };
    const around = zone.parent !== null && known.has(zone.parent) ? holds.get(zone.parent) : undefined;
    const standing = standings.get(zone.id);
    const tags = [
      own.level < 3 && own.level !== around?.level ? `L${own.level}` : "",
      own.drill && !around?.drill ? t("DRILL") : "",
      own.emergency && own.emergency !== around?.emergency ? emergencyWord(own.emergency) : "",
      own.isDrill && !own.drill && !around?.isDrill ? t("DRILL") : "",
    ].filter(Boolean);
    const name = nameOf(zone.name);
    const isLoud = tags.length > 0 || (standing !== undefined && standing.mark !== "normal");
    const sign = standing && standing.mark !== "normal" ? `${SHAPES[standing.mark]} ` : "";
    const [wide, tagged] = [nameWidth(sign + name), tags.reduce((sum, tag) => sum + widthOf(tag, 15) + (/^L\d$/.test(tag) ? 30 : 18), 0)];
    // A name that the school's plan puts beside its building may be longer than that.
    const most = room(zone.outline, scale) * (zone.anchor === "given" ? 2 : 1);
    // What has no room beside the name stands under it, not on the next building.
    const isTwo = tags.length > 0 && (wide + tagged + 12) * unit > most;
    const width = isTwo ? Math.max(wide, tagged) : wide + tagged;
    if (!isLoud && (most < (width + 12) * unit || high(zone.outline, scale) < 24 * unit)) return [];
    const [x, y] = zone.label;
    const left = zone.anchor === "corner" ? 0 : -width / 2;
    const [lower, tall] = isTwo ? [UNDER / 2, 26 + UNDER] : [0, 26];
    return [{ zone, own, tags, name, sign, width, left, isTwo, standing, box: /** @type {[number, number, number, number]} */ ([(x * scale) + (left + width / 2) * unit, y * scale + lower * unit, (width + 8) * unit, tall * unit]) }];
  });
}

/** @param {ReturnType<typeof zoneLabels>[number]} label @param {boolean} quiet @param {string} focused */
export function zoneLabel({ zone, own, tags, name, sign, left, isTwo, standing }, quiet, focused) {
  let x = left;
  const said = [name, standing && standing.mark !== "normal" ? standing.words : "", word("level", String(own.level)), ...tags.slice(own.level < 3 ? 1 : 0)]
    .filter(Boolean)
    .join(" · ");
  const text = sign + name;
  const parts = [svg`<text class="zone-name" x=${x} y="5">${text}</text>`];
  const end = left + nameWidth(text) + 10;
  x = isTwo ? left : end;
  const y = isTwo ? UNDER : 0;
  for (const tag of tags) {
    const isLevel = /^L\d$/.test(tag);
    const wide = widthOf(tag, 15) + (isLevel ? 24 : 12);
    const kind = isLevel ? `level-${own.level}` : tag === t("DRILL") ? "drill" : "call";
    const bars = isLevel ? 4 - own.level : 0;
    parts.push(svg`<g class="tag" data-tag=${kind} transform=${`translate(${x} ${y})`}><rect y="-11" width=${wide} height="22" rx="4"></rect>
      ${Array.from({ length: bars }, (_, number) => svg`<rect class="bar" x=${5 + number * 5} y="-5" width="3" height="10"></rect>`)}
      <text x=${isLevel ? 22 : 6} y="5">${tag}</text></g>`);
    x += wide + 6;
  }
  const key = `zone:${zone.id}`;
  return svg`<g class="spot" transform=${`translate(${zone.label[0]} ${zone.label[1]})`}>
    <g class="zone-label" data-key=${key} data-mark=${standing?.mark ?? "normal"} ?data-blinks=${standing?.blinks ?? false}
      role=${quiet ? nothing : "button"} aria-label=${quiet ? nothing : said} tabindex=${quiet ? nothing : focused === key ? "0" : "-1"}>
      <g class="un"><title>${said}</title><rect class="hit" x=${left - 6} y="-22" width=${Math.max(x, end) - left + 6} height=${44 + y}></rect></g></g>
    <g class="words" aria-hidden="true"><g class="un">${parts}</g></g></g>`;
}

/** So far under a zone's name its tags stand where they have no room beside it. */
const UNDER = 25;

/** Of a zone's name, which is bold. */
function nameWidth(/** @type {string} */ text) {
  return widthOf(text, 15) * 1.08;
}

function emergencyWord(/** @type {string} */ kind) {
  return kind === "lockdown" ? t("LOCKDOWN") : kind === "evacuate" ? t("EVACUATION") : kind;
}

/** @param {[number, number][]} points */
function written(points) {
  return points.map(([x, y]) => `${x},${y}`).join(" ");
}

/** How wide it is on the screen. @param {[number, number][]} points @param {number} scale */
function room(points, scale) {
  const xs = points.map(([x]) => x);
  return (Math.max(...xs) - Math.min(...xs)) * scale;
}

/** @param {[number, number][]} points @param {number} scale */
function high(points, scale) {
  const ys = points.map(([, y]) => y);
  return (Math.max(...ys) - Math.min(...ys)) * scale;
}

/** @param {[number, number][]} points @returns {[number, number]} */
function middle(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
}

/** @param {Zone} zone @param {Zone[]} all */
function depth(zone, all) {
  let deep = 0;
  for (let at = all.find((one) => one.id === zone.parent); at !== undefined && deep < 9; at = all.find((one) => one.id === at?.parent)) deep += 1;
  return deep;
}
