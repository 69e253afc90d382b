/**
 * What one person at one screen wants: kept in this browser, nowhere else.
 *
 * Promises: something unreadable in the browser's memory is the usual again. The theme is the house's own cookie, so
 * that the first paint has it.
 */

const KEY = "wg_control";
const YEAR_S = 365 * 24 * 3600;

/**
 * @typedef {{volume: number, nightVolume: number, nightFrom: string, nightTo: string, letters: boolean,
 *   room: string}} Settings volumes from 0 to 4; `letters`: keys of a single letter act; `room`: where this screen stands
 */

/** How loud each step is. */
export const VOLUMES = [0, 0.1, 0.25, 0.55, 1];
/** @type {Settings} */
const USUAL = { volume: 3, nightVolume: 2, nightFrom: "22:00", nightTo: "06:00", letters: true, room: "" };

/** @returns {Settings} */
export function settings() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const fits = Object.entries(USUAL).filter(([name, usual]) => typeof kept[name] === typeof usual);
    return { ...USUAL, ...Object.fromEntries(fits.map(([name]) => [name, kept[name]])) };
  } catch {
    return USUAL;
  }
}

export function keep(/** @type {Partial<Settings>} */ some) {
  const all = { ...settings(), ...some };
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
  } catch {
    // Without a memory it holds until the page is loaded anew.
  }
  return all;
}

/** How loud it is to be at a time of day ("23:10") on the site's clock. */
export function loudness(/** @type {string} */ time, /** @type {Settings} */ of = settings()) {
  const { nightFrom, nightTo } = of;
  const night = nightFrom <= nightTo ? time >= nightFrom && time < nightTo : time >= nightFrom || time < nightTo;
  return VOLUMES[night ? of.nightVolume : of.volume] ?? 0;
}

/** @returns {"light" | "dark" | ""} "": as the browser wants it */
export function theme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "";
}

export function chooseTheme(/** @type {"light" | "dark" | ""} */ wanted) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  if (wanted) document.documentElement.dataset.theme = wanted;
  else delete document.documentElement.dataset.theme;
  document.cookie = `wg_theme=${wanted}; Path=/; Max-Age=${wanted ? YEAR_S : 0}; SameSite=Strict${secure}`;
}
