/**
 * A visitor's pass on a phone. The code stands behind the # of the address: it is in no request's line and in no log;
 * the gateway draws it without saying what it opens.
 */

import "./shell.js";
import { ask, Problem } from "./api.js";
import { t } from "./i18n.js";

const say = /** @type {HTMLElement} */ (document.getElementById("say"));
const picture = /** @type {HTMLImageElement} */ (document.getElementById("code"));
const hint = /** @type {HTMLElement} */ (document.getElementById("hint"));
const print = /** @type {HTMLButtonElement} */ (document.getElementById("print"));
/** Many phones behind one address may have to wait a moment for their turn. */
const ANEW_MS = 5000;

async function draw() {
  const value = decodeURIComponent(location.hash.slice(1)).trim().toUpperCase();
  const drawn = picture.hidden ? "" : picture.src;
  try {
    if (!/^WG1[A-Z2-7]{32}$/.test(value)) throw new Problem("validation", "", 422);
    const { svg } = await ask("POST", "passes/draw", { value });
    picture.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
    picture.hidden = false;
    hint.hidden = false;
    print.hidden = false;
    say.className = "";
    say.textContent = t("Show this code at the gate.");
  } catch (problem) {
    if (problem instanceof Problem && problem.kind === "too-many") setTimeout(() => void draw(), ANEW_MS);
    if (drawn && problem instanceof Problem && ["no-answer", "too-many"].includes(problem.kind)) return;
    picture.hidden = true;
    hint.hidden = true;
    print.hidden = true;
    say.className = "wrong";
    say.textContent =
      problem instanceof Problem && problem.kind !== "validation"
        ? problem.message
        : t("This link is not whole. Open it again from the message, or ask the guard at the gate.");
  }
}

print.addEventListener("click", () => window.print());
window.addEventListener("hashchange", () => void draw());
void draw();
