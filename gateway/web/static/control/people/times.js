/** Times as the tab says them: always with the day, on the site's own clock. */

import { texts } from "../../i18n.js";
export { fromField, toField } from "../../slips/times.js";

const locale = texts.language === "zh" ? "zh-CN" : "en-GB";
const full = new Intl.DateTimeFormat(locale, {
  timeZone: texts.timezone,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
/** A moment with its day. */
export function moment(/** @type {string | number} */ at) {
  return full.format(typeof at === "number" ? at : Date.parse(at));
}
