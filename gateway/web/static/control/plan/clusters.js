/**
 * Signs that would lie on each other become one. Pure.
 *
 * Promises: every sign is in exactly one group; a group stands where its first sign stands, so that nothing wanders
 * while the plan is enlarged; what is to stay apart (the chosen one and what belongs to it) is in no group with others.
 * Where very many would be seen, what is near goes together more generously: a plan full of signs says nothing.
 *
 * @typedef {import("./standings.js").Sign} Sign
 * @typedef {{key: string, at: [number, number], signs: Sign[]}} Group
 */

const PORTALS = ["gate", "lane", "door"];

/** So many groups at once can be looked at. */
const MANY = 130;
const MOST_GENEROUS = 4;

/**
 * @param {Sign[]} signs @param {number} scale @param {number} near points within which two signs touch
 * @param {Set<string>} apart in the order of their importance @param {{width: number, height: number}} screen
 * @returns {Group[]}
 */
export function grouped(signs, scale, near, apart, screen) {
  const ordered = inOrder(signs, apart);
  const xs = ordered.map((sign) => /** @type {[number, number]} */ (sign.at)[0] * scale);
  const ys = ordered.map((sign) => /** @type {[number, number]} */ (sign.at)[1] * scale);
  // Of a plan that is larger than the screen only a part is seen.
  const seen = Math.min(1, screen.width / extent(xs)) * Math.min(1, screen.height / extent(ys));
  for (let reach = near; ; reach *= 1.5) {
    const groups = within(ordered, reach / scale, apart);
    if (groups.length * seen <= MANY || reach * 1.5 > near * MOST_GENEROUS) return groups;
  }
}

/** @param {number[]} some */
function extent(some) {
  return Math.max(1, some.reduce((a, b) => Math.max(a, b), 0) - some.reduce((a, b) => Math.min(a, b), Infinity));
}

/** @param {Sign[]} ordered @param {number} reach @param {Set<string>} apart @returns {Group[]} */
function within(ordered, reach, apart) {
  /** @type {Map<string, Group[]>} */
  const squares = new Map();
  /** @type {Map<string, Group[]>} groups of what stays apart */
  const chosen = new Map();
  /** @type {Group[]} */
  const groups = [];
  for (const sign of ordered) {
    const at = /** @type {[number, number]} */ (sign.at);
    const among = apart.has(sign.id) ? chosen : squares;
    const into = nearest(among, at, reach);
    if (into !== null) {
      into.signs.push(sign);
      continue;
    }
    const group = { key: sign.id, at, signs: [sign] };
    groups.push(group);
    const square = squareOf(at, reach);
    among.set(square, [...(among.get(square) ?? []), group]);
  }
  return groups;
}

/** What others gather around comes first: portals, then the rest as it stands. @param {Sign[]} signs @param {Set<string>} apart */
function inOrder(signs, apart) {
  const placed = signs.filter((sign) => sign.at !== null);
  const first = [...apart].flatMap((id) => placed.find((sign) => sign.id === id) ?? []);
  const rest = placed.filter((sign) => !apart.has(sign.id));
  return [...first, ...rest.filter((sign) => PORTALS.includes(sign.kind)), ...rest.filter((sign) => !PORTALS.includes(sign.kind))];
}

/** @param {Map<string, Group[]>} squares @param {[number, number]} at @param {number} reach @returns {Group | null} */
function nearest(squares, at, reach) {
  /** @type {Group | null} */
  let found = null;
  let least = reach;
  for (let dx = -1; dx <= 1; dx++)
    for (let dy = -1; dy <= 1; dy++)
      for (const group of squares.get(squareOf([at[0] + dx * reach, at[1] + dy * reach], reach)) ?? []) {
        const distance = Math.hypot(group.at[0] - at[0], group.at[1] - at[1]);
        if (distance < least) {
          found = group;
          least = distance;
        }
      }
  return found;
}

/** @param {[number, number]} at @param {number} reach */
function squareOf([x, y], reach) {
  return `${Math.floor(x / reach)},${Math.floor(y / reach)}`;
}

/** A portal with what stands at it, and nothing else: shown as the portal. @param {Group} group */
export function isOnePortal({ signs }) {
  const portal = signs[0]?.portal ?? null;
  return portal !== null && signs.every((one) => one.portal === portal);
}

/** Boxes that do not overlap: the first come keep their place. */
export class Boxes {
  constructor(/** @type {number} */ side) {
    this.side = side;
    /** @type {Map<string, [number, number, number, number][]>} left, top, right, bottom */
    this.squares = new Map();
  }

  /** @param {number} x the middle @param {number} y @param {number} width @param {number} height */
  put(x, y, width, height) {
    const box = /** @type {[number, number, number, number]} */ ([x - width / 2, y - height / 2, x + width / 2, y + height / 2]);
    for (const square of this.over(box)) this.squares.set(square, [...(this.squares.get(square) ?? []), box]);
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  isFree(x, y, width, height) {
    const box = /** @type {[number, number, number, number]} */ ([x - width / 2, y - height / 2, x + width / 2, y + height / 2]);
    return this.over(box).every((square) =>
      (this.squares.get(square) ?? []).every((other) => other[0] >= box[2] || other[2] <= box[0] || other[1] >= box[3] || other[3] <= box[1]),
    );
  }

  /** @param {[number, number, number, number]} box @returns {string[]} */
  over([left, top, right, bottom]) {
    const found = [];
    for (let x = Math.floor(left / this.side); x <= right / this.side; x++)
      for (let y = Math.floor(top / this.side); y <= bottom / this.side; y++) found.push(`${x},${y}`);
    return found;
  }
}

/** About how wide a text is, in points of a type of this size; rather too wide than too narrow. @param {string} text @param {number} size */
export function widthOf(text, size) {
  let width = 0;
  for (const letter of text) width += size * ((letter.codePointAt(0) ?? 0) > 0x2e7f ? 1 : /[A-Z\d◆■▲✕]/.test(letter) ? 0.72 : 0.57);
  return width;
}
