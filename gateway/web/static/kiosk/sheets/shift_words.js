/** What a hand-over says and reads: numbers as people type them, and what the gateway did not do, in a sentence. */

import { t } from "../../i18n.js";

/** A number from 0 on, as typed also in full width; null if it is none. */
export function whole(/** @type {string} */ text) {
  const plain = text.normalize("NFKC").trim();
  return /^\d{1,5}$/.test(plain) ? Number.parseInt(plain, 10) : null;
}

/** A problem's own words. */
export function said(/** @type {unknown} */ problem) {
  return problem instanceof Error ? problem.message : String(problem);
}

/** What the gateway did not do, in a sentence. */
export function why(/** @type {any} */ problem) {
  const detail = String(problem?.detail ?? "");
  if (problem?.kind === "validation" && (problem.errors ?? []).some((/** @type {any} */ one) => /pin$/.test(one.field))) {
    return t("Card and PIN do not fit. Nothing was signed.");
  }
  if (problem?.kind === "validation") return t("This is not written yet: something in it is wrong.");
  const code = detail.split(":")[0] ?? "";
  switch (code) {
    case "handing_over":
      return t("Somebody else is taking over this post already. Their hand-over shows when you close and open this sheet.");
    case "overtaken":
      return t("Somebody else has taken this post over meanwhile: count again.");
    case "signed_already":
      return t("Somebody else has signed here already.");
    case "taken_over":
    case "over":
      return t("This hand-over is over already.");
    case "witness":
      return t("Nobody takes over: a witness has to sign, with card and PIN.");
    case "nobody signs for two sides":
    case "who hands over does not take over":
    case "nobody is their own witness":
      return t("Nobody signs for two sides.");
    case "another guard has this post":
      return t("Another guard has this post: that guard signs, or a witness.");
    default:
      return said(problem);
  }
}
