/** The sign-in form: keeps what was typed, says what went wrong. */

import "./shell.js";
import { ask } from "./api.js";
import { t } from "./i18n.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("sign-in"));
const wrong = /** @type {HTMLElement} */ (document.getElementById("wrong"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));

function say(/** @type {string} */ message) {
  wrong.textContent = message;
  wrong.hidden = false;
}

/** Where to: a kiosk sends its guard here and wants them back. */
function next() {
  const here = new URLSearchParams(location.search);
  const gate = here.get("gate");
  return here.get("next") === "kiosk" && gate ? `/kiosk?gate=${encodeURIComponent(gate)}` : "/live";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.getAttribute("aria-busy") === "true") return;
  const given = new FormData(form);
  const user = String(given.get("user") ?? "").trim();
  const password = String(given.get("password") ?? "");
  if (!user || !password) {
    say(t("Please give both user and password."));
    return;
  }
  button.setAttribute("aria-busy", "true");
  wrong.hidden = true;
  try {
    await ask("POST", "session", { user, password });
    location.assign(next());
  } catch (problem) {
    say(problem instanceof Error ? problem.message : String(problem));
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("password"));
    field.focus();
    field.select();
  } finally {
    button.removeAttribute("aria-busy");
  }
});
