/** The live page without the browser libraries: it loads itself anew, and its buttons work. */

import "./shell.js";
import { carryOut } from "./acts.js";

const said = /** @type {HTMLElement} */ (document.getElementById("notice"));

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button === null || button.dataset.act === undefined) return;
  button.setAttribute("aria-busy", "true");
  try {
    await carryOut(/** @type {import("./acts.js").Act} */ (/** @type {unknown} */ ({ ...button.dataset })));
    location.reload();
  } catch (problem) {
    said.hidden = false;
    said.textContent = problem instanceof Error ? problem.message : String(problem);
    button.removeAttribute("aria-busy");
  }
});
