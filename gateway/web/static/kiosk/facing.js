/**
 * The screen that is turned to the person at the window: one polite sentence at a time, told by the kiosk in the same
 * browser. It asks the gateway for nothing, knows nobody's name, and falls back to the greeting by itself.
 */

const SHOWN_MS = 12_000;
const SIGNS = /** @type {Record<string, string>} */ ({ grant: "✓", deny: "✕", wait: "…" });

const { gate } = JSON.parse(document.getElementById("page")?.textContent ?? "{}");
const sign = /** @type {HTMLElement} */ (document.getElementById("sign"));
const zh = /** @type {HTMLElement} */ (document.getElementById("zh"));
const en = /** @type {HTMLElement} */ (document.getElementById("en"));
const greeting = { zh: zh.textContent ?? "", en: en.textContent ?? "" };
/** @type {ReturnType<typeof setTimeout> | undefined} */
let back;

function show(/** @type {{zh: string, en: string}} */ said, /** @type {string | null} */ outcome) {
  zh.textContent = said.zh;
  en.textContent = said.en;
  sign.textContent = outcome === null ? "" : (SIGNS[outcome] ?? "");
  sign.hidden = outcome === null;
  document.body.dataset.outcome = outcome ?? "";
}

new BroadcastChannel(`wardgate-kiosk-${gate}`).addEventListener("message", (message) => {
  const { zh, en, outcome, stays } = message.data;
  clearTimeout(back);
  show({ zh: String(zh), en: String(en) }, String(outcome));
  if (!stays) back = setTimeout(() => show(greeting, null), SHOWN_MS);
});
