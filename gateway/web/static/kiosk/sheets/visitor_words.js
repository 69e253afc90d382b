/** The words of a registration for the gateway's codes, in the language of the page. */

import { t } from "../../i18n.js";

/** @returns {string} */
export function belongingWord(/** @type {string} */ kind) {
  switch (kind) {
    case "flammable":
      return t("Flammables, explosives");
    case "poison":
      return t("Poisons");
    case "animal":
      return t("Animals");
    case "weapon":
      return t("Controlled knives, weapons");
    default:
      return t("Something else to note");
  }
}

/** @returns {string} */
export function outcomeWord(/** @type {string} */ outcome) {
  switch (outcome) {
    case "stays_outside":
      return t("stays outside");
    case "handed_to_police":
      return t("handed to the police");
    case "refused":
      return t("will not part with it: sent away");
    default:
      return t("is carried in");
  }
}

/** @returns {string} */
export function documentWord(/** @type {string} */ kind) {
  switch (kind) {
    case "resident_id":
      return t("Resident ID");
    case "passport":
      return t("Passport");
    case "hk_macao_permit":
      return t("Hong Kong and Macao permit");
    case "taiwan_permit":
      return t("Taiwan permit");
    case "residence_permit":
      return t("Residence permit");
    case "driving_licence":
      return t("Driving licence");
    default:
      return t("Another document");
  }
}

/** Why people come, as guards write it; the last of them is typed. @returns {string[]} */
export function purposes(/** @type {string} */ kind) {
  const own = {
    guardian: [t("Talk with the class teacher"), t("Collects a pupil"), t("Brings something for a pupil")],
    official: [t("Inspection"), t("Meeting")],
    media: [t("Interview"), t("Photographs")],
    contractor: [t("Repair"), t("Building work")],
    supplier: [t("Delivery"), t("Collection")],
  }[kind];
  return own ?? [t("Meeting"), t("Talk"), t("Handing something over"), t("Interview for a job")];
}

/** Why somebody was sent away. @returns {string} */
export function refusalWord(/** @type {string} */ reason) {
  switch (reason) {
    case "document":
      return t("no document, or not this person's");
    case "level":
      return t("the level in force");
    case "host_away":
      return t("the host is away or says no");
    case "belongings":
      return t("what the visitor carries");
    default:
      return t("another reason");
  }
}

/** How a visit stands. @returns {string} */
export function stateWord(/** @type {string} */ state) {
  switch (state) {
    case "checked_in":
      return t("Checked in");
    case "checked_out":
      return t("Has left");
    case "declined":
      return t("The host has declined");
    case "refused":
      return t("Sent away");
    case "cancelled":
      return t("Called off");
    case "lapsed":
      return t("The time is past");
    default:
      return t("Expected");
  }
}
