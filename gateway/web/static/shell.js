/** What every page has: the language, the theme, signing out. Works without the browser libraries. */

import { ask } from "./api.js";

const YEAR_S = 365 * 24 * 3600;

function remember(/** @type {string} */ name, /** @type {string} */ value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR_S}; SameSite=Strict${secure}`;
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

async function signOut() {
  try {
    await ask("DELETE", "session");
  } finally {
    location.assign("/");
  }
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (button === null) return;
  if (button.dataset.set === "language") {
    remember("wg_language", button.dataset.to === "zh" ? "zh" : "en");
    const here = new URL(location.href);
    here.searchParams.delete("lang");
    // With something behind the #, going to the same address would only move within the page.
    if (here.href === location.href) location.reload();
    else location.replace(here);
  }
  if (button.dataset.set === "theme") {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    remember("wg_theme", theme);
  }
  if ("signOut" in button.dataset) void signOut();
});
