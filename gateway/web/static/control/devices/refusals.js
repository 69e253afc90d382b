/** What was not done, and why: the gateway's codes as sentences for the person at the desk. Pure. */

import { t, word } from "../../i18n.js";
import { LISTED } from "./words.js";

/** What the gateway did not do, and why, in whole words. */
export function refusal(/** @type {unknown} */ problem) {
  const wrong = /** @type {import("../../api.js").Problem} */ (problem);
  const code = (wrong.detail ?? "").split(":")[0] ?? "";
  const known = word("not_sent", code);
  const missing = (wrong.errors ?? []).filter((one) => one.field === "interlock").map((one) => word("interlock", one.message));
  if (known === code || !code) return t("Nothing was sent. {why}", { why: wrong.message });
  return missing.length ? t("Nothing was sent. It waits for: {what}", { what: missing.join(LISTED) }) : t("Nothing was sent. {why}", { why: known });
}

/** What is wrong with a field of a new device. */
export function wrongField(/** @type {string} */ field) {
  switch (field) {
    case "id":
      return t("1 to 63 of a to z, 0 to 9 and -, not beginning with -; and not the gateway's own name.");
    case "location":
      return t("Each button has a name of its own, 64 characters at most.");
    case "zone":
    case "portal":
      return t("Such a device cannot stand there. Choose another place.");
    default:
      return t("This does not fit.");
  }
}
