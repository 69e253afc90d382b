/** What the gateway did not do with an incident, in words that say what to do. */

import { Problem } from "../../api.js";
import { t, texts, word } from "../../i18n.js";

/** A refusal by its code. */
function refused(/** @type {string} */ code) {
  switch (code) {
    case "alarm_taken":
      return t("This alarm belongs to another incident already. Detach it there first.");
    case "alarm_joined":
      return t("This alarm belongs to it already.");
    case "changed":
      return t("Somebody else has written meanwhile. Their version is shown; what you typed is still in your fields.");
    case "not_in_order":
      return t("The report stands somewhere else by now. It is shown as it is.");
    case "not_reviewed":
      return t("No principal has reviewed it. Say why it goes without that.");
    case "no_channel":
      return t("No channel reaches this addressee. Send it another way and record that.");
    case "over":
      return t("This incident is closed. Open it again to go on.");
    case "too_many":
      return t("There are too many of these already.");
    case "kept_already":
      return t("A case keeps it already.");
    case "report_sent":
      return t("The report is sent: say it in a follow-up.");
    default:
      return texts.words["not_closed"]?.[code] === undefined ? "" : word("not_closed", code);
  }
}

/** What is wrong with a field. */
function wrong(/** @type {string} */ field) {
  switch (field.replace(/\[.*/, "")) {
    case "happened_at":
      return t("It happened before it was noticed, within the last 30 days.");
    case "noticed_at":
    case "at":
      return t("This must lie between when it happened and now.");
    case "place":
    case "zones":
      return t("Please say where it was: a place of this campus.");
    case "by":
      return t("No user of that name.");
    case "responsible":
      return t("No such role, group or person. Choose at least one.");
    default:
      return t("Please fill this in.");
  }
}

/** @param {unknown} problem @returns {{said: string, errors: Record<string, string>}} */
export function inWords(problem) {
  if (!(problem instanceof Problem)) return { said: problem instanceof Error ? problem.message : String(problem), errors: {} };
  const said = refused(problem.detail.split(":")[0] ?? "") || problem.message;
  const errors = Object.fromEntries(problem.errors.map((one) => [one.field, wrong(one.field)]));
  return { said: problem.errors.length ? t("Not done yet: something is not right. It is said beside the field.") : said, errors };
}
