/**
 * The page's language: texts by their English form, words for codes, sentences for reasons, names of places, times.
 * Everything lies in the page itself (#texts), so that nothing has to be loaded before something can be said.
 *
 * @typedef {object} Texts
 * @property {"en" | "zh"} language
 * @property {Record<string, string>} catalogue
 * @property {Record<string, Record<string, string>>} words
 * @property {Record<string, {guard: string, hint: string}>} sentences
 * @property {Record<string, string>} places
 * @property {string[]} portals
 * @property {string} timezone
 * @property {{zones: string[], hosted: string[], day_ends: string}} registration where visitors can go, which kinds
 *   need a host, when the school day ends
 */

/** @returns {any} the JSON in the data block of that id */
export function data(/** @type {string} */ id) {
  const block = document.getElementById(id);
  return block ? JSON.parse(block.textContent || "null") : null;
}

/** @type {Texts} */
export const texts = data("texts");

const locale = texts.language === "zh" ? "zh-CN" : "en-GB";
const clock = new Intl.DateTimeFormat(locale, {
  timeZone: texts.timezone,
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/**
 * A text in the page's language; `{name}` in it is replaced.
 * @param {string} english
 * @param {Record<string, string | number>} [values]
 */
export function t(english, values = {}) {
  const found = texts.catalogue[english] ?? english;
  return found.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** The word for a code, or the code itself if it is new. */
export function word(/** @type {string} */ group, /** @type {string} */ code) {
  const english = texts.words[group]?.[code];
  return english === undefined ? code : t(english);
}

/** What a reason says to the guard, and what would help. */
export function sentence(/** @type {string} */ reason) {
  return texts.sentences[reason] ?? { guard: reason, hint: "" };
}

/** A place's name. */
export function place(/** @type {string | null} */ id) {
  return id === null ? "" : (texts.places[id] ?? id);
}

/** A time of day on the site's own clock. */
export function timeOfDay(/** @type {string | number | Date} */ at) {
  return clock.format(new Date(at));
}

/** How long ago, in words that fit a narrow column. */
export function age(/** @type {number} */ ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return t("{count} s ago", { count: s });
  if (s < 3600) return t("{count} min ago", { count: Math.floor(s / 60) });
  return t("{count} h ago", { count: Math.floor(s / 3600) });
}
