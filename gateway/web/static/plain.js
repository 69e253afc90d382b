/**
 * The live page without the browser libraries: it loads itself anew, and its buttons work.
 *
 * Promises: a button that can be touched does what it says: it can be once this listens, and the page does not go away
 * under a finger, nor before the gateway has answered.
 */

import "./shell.js";
import { carryOut } from "./acts.js";

const ANEW_MS = 5000;
const LOOK_AGAIN_MS = 200;

const said = /** @type {HTMLElement} */ (document.getElementById("notice"));
/** Touches that the gateway has not answered yet. */
let underWay = 0;
let isDown = false;

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button === null || button.dataset.act === undefined) return;
  button.setAttribute("aria-busy", "true");
  underWay += 1;
  try {
    await carryOut(/** @type {import("./acts.js").Act} */ (/** @type {unknown} */ ({ ...button.dataset })));
    location.reload();
  } catch (problem) {
    said.hidden = false;
    said.textContent = problem instanceof Error ? problem.message : String(problem);
    button.removeAttribute("aria-busy");
    anewAfter(ANEW_MS);
  } finally {
    underWay -= 1;
  }
});
for (const name of /** @type {const} */ (["pointerdown", "pointerup", "pointercancel"])) {
  document.addEventListener(name, () => (isDown = name === "pointerdown"), true);
}
for (const button of document.querySelectorAll("button[data-act]")) {
  if (button instanceof HTMLButtonElement) button.disabled = false;
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let next;

function anewAfter(/** @type {number} */ ms) {
  clearTimeout(next);
  next = setTimeout(() => (isDown || underWay > 0 ? anewAfter(LOOK_AGAIN_MS) : location.reload()), ms);
}

anewAfter(ANEW_MS);
