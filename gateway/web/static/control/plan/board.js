/**
 * The signs on the plan, painted one by one: what has not changed is not touched, however much happens elsewhere.
 *
 * Promises: each group of signs has one element, found again by its first sign; an element that has the keyboard keeps
 * it; what is wrong lies above what is well. Leaves to others: where the plan is on the screen (one transformation
 * around it all), how a sign stands (`standings.js`), keys and touches (`plan.js`).
 */

import { render, svg, nothing } from "lit";
import { COLON } from "../../cameras/signs.js";
import { place, t, texts } from "../../i18n.js";
import { Boxes, grouped, isOnePortal, widthOf } from "./clusters.js";
import { MARKS, markWord, worse } from "./standings.js";
import { base, sight, symbol } from "./symbols.js";

/** @typedef {import("./standings.js").Standing} Standing @typedef {import("./standings.js").Sign} Sign */
/** @typedef {import("./clusters.js").Group} Group */

const SVG = "http://www.w3.org/2000/svg";
/** Signs whose middles are nearer than this, in points, are shown as one. */
export const NEAR = 31;
const TYPE = 14;
const LINE = 17;
const LONGEST = 30;
/** From this much larger than the whole plan on, signs that are well have their names too. */
const NAMES_FROM = 1.45;

/** @typedef {{lines: string[], side: string, top: number}} Label */

/** Where a label of this size may stand around a sign. @param {number} width @param {number} height */
function spots(width, height) {
  return [
    { side: "below", dx: 0, dy: 22 + height / 2 },
    { side: "above", dx: 0, dy: -23 - height / 2 },
    { side: "right", dx: 24 + width / 2, dy: 0 },
    { side: "left", dx: -24 - width / 2, dy: 0 },
  ];
}

/** What a sign's name is in the page's language. @param {{en: string, zh: string}} name */
export function nameOf(name) {
  return name[texts.language === "zh" ? "zh" : "en"];
}

/** Where a sign is, as a person calls it: a device by its portal. */
function whereIs(/** @type {Sign} */ sign) {
  return sign.of === "device" && sign.portal !== null ? place(sign.portal) : nameOf(sign.name);
}

export class Board {
  /** @param {SVGGElement} calm below, signs that are well @param {SVGGElement} loud above */
  constructor(calm, loud) {
    this.calm = calm;
    this.loud = loud;
    /** @type {Map<string, {spot: SVGGElement, element: SVGGElement, words: SVGGElement, painted: string, mark: string, group: Group}>} */
    this.shown = new Map();
    /** @type {Group[]} */
    this.groups = [];
    /** Where something stands already. @type {Boxes} */
    this.boxes = new Boxes(120);
    /** What is seen, in points of the scale, if it is all of the plan. @type {[number, number, number, number] | null} */
    this.edge = null;
    /** Which sign Tab goes to. */
    this.stop = "";
    /** How many elements were painted, for whoever wants to know. */
    this.painted = 0;
  }

  /**
   * @param {{signs: Sign[], standings: Map<string, Standing>, scale: number, least: number, unit: number,
   *   apart: Set<string>, chosen: Set<string>, related: Set<string>, quiet: boolean,
   *   screen: {width: number, height: number},
   *   taken: [number, number, number, number][], edge: [number, number, number, number] | null}} what `taken`: where
   *   names of zones stand, in points of this scale; `edge`: left, top, right and bottom of what is seen, if all of the
   *   plan is
   */
  paint(what) {
    const { scale, unit } = what;
    this.groups = grouped(what.signs, scale, NEAR * unit, what.apart, what.screen);
    const labels = this.labels(what);
    const kept = new Set(this.groups.map((group) => group.key));
    for (const [key, { spot }] of this.shown) {
      if (kept.has(key)) continue;
      spot.remove();
      this.shown.delete(key);
    }
    for (const group of this.groups) this.one(group, what, labels.get(group.key) ?? null);
  }

  /** @param {Group} group @param {Parameters<Board["paint"]>[0]} what @param {Label | null} label */
  one(group, what, label) {
    const { mark, blinks, words: told, count, first } = summary(group, what.standings);
    const isChosen = group.signs.some((sign) => what.chosen.has(sign.id));
    const isRelated = group.signs.some((sign) => what.related.has(sign.id));
    const form = what.standings.get(first.id)?.form ?? "";
    const said = spoken(group, first, count, told);
    const turn = group.signs.length === 1 ? first.turn : null;
    const signature = JSON.stringify([mark, blinks, count, said, isChosen, isRelated, form, label, turn, group.at, first.kind, what.quiet]);
    const known = this.shown.get(group.key);
    if (known?.painted === signature) {
      known.group = group;
      return;
    }
    this.painted += 1;
    const element = known?.element ?? made("sign");
    const words = known?.words ?? made("words");
    const spot = known?.spot ?? made("spot");
    if (known === undefined) spot.append(element, words);
    spot.setAttribute("transform", `translate(${group.at[0]} ${group.at[1]})`);
    words.setAttribute("aria-hidden", "true");
    element.dataset.key = group.key;
    element.dataset.mark = mark;
    element.dataset.kind = first.kind;
    element.toggleAttribute("data-blinks", blinks);
    element.toggleAttribute("data-chosen", isChosen);
    element.toggleAttribute("data-related", isRelated);
    if (!what.quiet) {
      element.setAttribute("role", "button");
      element.setAttribute("aria-label", said);
      element.setAttribute("tabindex", group.key === this.stop ? "0" : "-1");
      if (isChosen) element.setAttribute("aria-current", "true");
      else element.removeAttribute("aria-current");
    }
    render(painting(mark, first, form, count, said, turn, isChosen || isRelated), element);
    render(writing(count, label), words);
    const layer = MARKS.indexOf(mark) < MARKS.indexOf("normal") || isChosen || isRelated ? this.loud : this.calm;
    if (spot.parentNode !== layer) {
      const hadKeyboard = document.activeElement === element;
      layer.append(spot);
      if (hadKeyboard) element.focus({ preventScroll: true });
    }
    this.shown.set(group.key, { spot, element, words, painted: signature, mark, group });
  }

  /** The names that find room, the most important first. @param {Parameters<Board["paint"]>[0]} what @returns {Map<string, Label>} */
  labels({ standings, scale, least, unit, chosen, related, taken, edge }) {
    this.edge = edge;
    const boxes = new Boxes(120 * unit);
    for (const [x, y, width, height] of taken) boxes.put(x, y, width, height);
    for (const { at } of this.groups) boxes.put(at[0] * scale, at[1] * scale, 30 * unit, 30 * unit);
    const large = scale >= NAMES_FROM * least;
    const wanted = this.groups
      .map((group) => ({ group, ...summary(group, standings), isNamed: group.signs.some((sign) => chosen.has(sign.id) || related.has(sign.id)) }))
      .filter(({ mark, isNamed, group }) => isNamed || mark !== "normal" || (large && (group.signs.length === 1 || isOnePortal(group))));
    wanted.sort((a, b) => Number(b.isNamed) - Number(a.isNamed) || MARKS.indexOf(a.mark) - MARKS.indexOf(b.mark));
    /** @type {Map<string, Label>} */
    const found = new Map();
    for (const { group, mark, words, first, isNamed, count } of wanted) {
      const name = short(count > 1 ? t("{name} and {count} more", { name: whereIs(first), count: count - 1 }) : mark === "normal" && !isNamed ? nameOf(first.name) : whereIs(first));
      const told = mark === "normal" ? [] : [short(words)];
      const label = this.placed(boxes, group, [[name, ...told], told, [name]], scale, unit, chosen.has(first.id));
      if (label !== null) found.set(group.key, label);
    }
    this.boxes = boxes;
    return found;
  }

  /**
   * The first of some texts that finds room: below the sign, above, right, left of it.
   * @param {Boxes} boxes @param {Group} group @param {string[][]} texts @param {number} scale @param {number} unit
   * @param {boolean} always below if nowhere else @returns {Label | null}
   */
  placed(boxes, group, texts, scale, unit, always) {
    const [x, y] = [group.at[0] * scale, group.at[1] * scale];
    for (const lines of texts) {
      if (!lines.length) continue;
      const width = Math.max(...lines.map((line) => widthOf(line, TYPE))) + 8;
      const height = LINE * lines.length;
      for (const { side, dx, dy } of spots(width, height)) {
        if (!this.isSeen(x + dx * unit, y + dy * unit, width * unit, height * unit)) continue;
        if (!boxes.isFree(x + dx * unit, y + dy * unit, width * unit, height * unit)) continue;
        boxes.put(x + dx * unit, y + dy * unit, width * unit, height * unit);
        return { lines, side, top: dy - height / 2 };
      }
    }
    const lines = texts.find((some) => some.length);
    if (!always || lines === undefined) return null;
    const [width, height] = [Math.max(...lines.map((line) => widthOf(line, TYPE))) + 8, LINE * lines.length];
    const spot = spots(width, height).find(({ dx, dy }) => this.isSeen(x + dx * unit, y + dy * unit, width * unit, height * unit));
    return { lines, side: spot?.side ?? "below", top: (spot?.dy ?? 22 + height / 2) - height / 2 };
  }

  /** Whether a label whose middle is there would be cut off by the edge of what is seen. @param {number} x @param {number} y @param {number} width @param {number} height */
  isSeen(x, y, width, height) {
    if (this.edge === null) return true;
    const [left, top, right, bottom] = this.edge;
    return x - width / 2 >= left && x + width / 2 <= right && y - height / 2 >= top && y + height / 2 <= bottom;
  }

  /** Tab goes to this sign from now on, and to no other. */
  setStop(/** @type {string} */ key) {
    if (this.stop !== key) this.shown.get(this.stop)?.element.setAttribute("tabindex", "-1");
    this.stop = key;
    this.shown.get(key)?.element.setAttribute("tabindex", "0");
  }
}

/** The worst of a group, in words; of several at one portal the portal stands for all. @param {Group} group @param {Map<string, Standing>} standings */
export function summary(group, standings) {
  /** @type {import("./standings.js").Mark} */
  let mark = "normal";
  let blinks = false;
  const known = group.signs.map((sign) => standings.get(sign.id)).filter((one) => one !== undefined);
  for (const one of known) {
    mark = worse(one.mark, mark);
    blinks ||= one.blinks;
  }
  const worst = known.filter((one) => one.mark === mark);
  const words = mark === "normal" ? markWord("normal") : [...new Set(worst.map((one) => one.words))].join(" · ");
  const first = /** @type {Sign} */ (group.signs[0]);
  return { mark, blinks, words, first, count: isOnePortal(group) ? 1 : group.signs.length };
}

/** What a sign says to somebody who does not see it. @param {Group} group @param {Sign} first @param {number} count @param {string} words */
function spoken(group, first, count, words) {
  const name = first.of === "device" && first.portal !== null ? `${whereIs(first)} (${first.id})` : nameOf(first.name);
  if (count > 1) return t("{count} signs around {name}: {state}", { count: group.signs.length, name, state: words });
  return `${kindWord(first.kind)} ${name}${COLON}${words}`;
}

/** What a sign stands for. */
export function kindWord(/** @type {string} */ kind) {
  /** @type {Record<string, () => string>} */
  const words = {
    gate: () => t("Gate"),
    lane: () => t("Vehicle lane"),
    door: () => t("Door"),
    reader: () => t("Reader"),
    bollard: () => t("Bollard"),
    panel: () => t("Panel"),
    camera: () => t("Camera"),
  };
  return words[kind]?.() ?? kind;
}

/**
 * The shape and the symbol: what is pressed and heard.
 * @param {import("./standings.js").Mark} mark @param {Sign} first @param {string} form @param {number} count
 * @param {string} said @param {number | null} turn @param {boolean} isMarked
 */
function painting(mark, first, form, count, said, turn, isMarked) {
  return svg`<g class="un"><title>${said}</title>${first.kind === "camera" ? sight(turn) : nothing}
    <circle class="hit" r="22"></circle>
    ${isMarked ? svg`<circle class="ring" r="25"></circle>` : nothing}
    ${base(mark)}
    ${count > 1 ? nothing : symbol(first.kind, form, mark)}</g>`;
}

/** What is written at it, for the eye; the ear hears more (`spoken`). @param {number} count @param {Label | null} label */
function writing(count, label) {
  return svg`<g class="un">${count > 1 ? svg`<text class="count" y="5">${count > 99 ? "99+" : count}</text>` : nothing}
    ${label?.lines.map((line, index) => svg`<text class="name" data-side=${label.side} x=${{ right: 26, left: -26 }[label.side] ?? 0} y=${label.top + LINE * (index + 0.75)}>${line}</text>`)}</g>`;
}

/** @returns {SVGGElement} */
function made(/** @type {string} */ name) {
  const element = /** @type {SVGGElement} */ (document.createElementNS(SVG, "g"));
  element.setAttribute("class", name);
  return element;
}

function short(/** @type {string} */ text) {
  return [...text].length <= LONGEST ? text : `${[...text].slice(0, LONGEST - 1).join("")}…`;
}
