/**
 * The keys of the control room's page.
 *
 * Promises: a key of a single letter never acts in a field, nor with Ctrl, Alt or the system's key, and not at all when
 * somebody has switched them off (WCAG 2.1.4); Esc always closes the side panel. G and then a letter goes to a tab.
 */

/** Letter after G → tab. */
export const GO = /** @type {Record<string, string>} */ ({
  o: "overview",
  l: "level",
  d: "devices",
  c: "cameras",
  p: "people",
  i: "incidents",
  r: "reports",
  a: "administration",
});
/** So long after G the letter still counts. */
const G_HOLDS_MS = 1500;

/**
 * @param {{letters: () => boolean, tab: (event: KeyboardEvent) => boolean, go: (tab: string) => void,
 *   help: () => void, close: () => boolean, present: () => boolean}} acts
 *   `tab`: what the shown tab does with it; `close`: true if there was something to close
 */
export function listen({ letters, tab, go, help, close, present }) {
  let goUntil = 0;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") {
      if (close() || tab(event)) event.preventDefault();
      return;
    }
    const inField = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    const isLetter = event.key.length === 1 && event.key !== " ";
    if (inField || (isLetter && !letters())) return;
    const letter = event.key.toLowerCase();
    const wanted = performance.now() < goUntil ? GO[letter] : undefined;
    goUntil = 0;
    if (wanted !== undefined) go(wanted);
    else if (letter === "g") goUntil = performance.now() + G_HOLDS_MS;
    else if (letter === "?") help();
    else if (!(letter === "p" && present()) && !tab(event)) return;
    event.preventDefault();
  });
}
