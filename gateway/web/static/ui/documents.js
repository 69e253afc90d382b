/**
 * What can be said of a document's number before it leaves the browser: its plain form, and what is wrong with it.
 *
 * Promises: pure; what the gateway would refuse is refused here in the same way, so that the sentence stands beside
 * the field at once. Leaves to others: the gateway's own check, which is the one that counts.
 */

export const KINDS = [
  "resident_id",
  "passport",
  "hk_macao_permit",
  "taiwan_permit",
  "residence_permit",
  "driving_licence",
  "other",
];

const SHORTEST = 6;
const LONGEST = 32;
/** Nobody with a card was born before. */
const FIRST_YEAR = 1900;
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK = "10X98765432";

/** A number as it is compared: half-width, capital letters, without spaces and dashes. */
export function plainNumber(/** @type {string} */ typed) {
  return typed.normalize("NFKC").toUpperCase().replace(/[\s\-–·]/g, "");
}

/** The check digit of the first 17 digits of a resident id, after ISO 7064 MOD 11-2. */
export function checkDigit(/** @type {string} */ digits) {
  const sum = WEIGHTS.reduce((sum, weight, at) => sum + weight * Number(digits[at]), 0);
  return CHECK[sum % 11] ?? "";
}

/**
 * What is wrong with a number; null if nothing is.
 * @param {string} kind
 * @param {string} typed
 * @param {Date} today
 * @returns {"empty" | "characters" | "length" | "birth_date" | "future" | "check_digit" | null}
 */
export function faultOf(kind, typed, today) {
  const number = plainNumber(typed);
  if (!number) return "empty";
  if (kind === "resident_id") return residentFault(number, today);
  if (!/^[A-Z0-9]+$/.test(number)) return "characters";
  return number.length < SHORTEST || number.length > LONGEST ? "length" : null;
}

/** @returns {"characters" | "length" | "birth_date" | "future" | "check_digit" | null} */
function residentFault(/** @type {string} */ number, /** @type {Date} */ today) {
  if (!/^[0-9]+[0-9X]$/.test(number)) return "characters";
  if (number.length !== 18) return "length";
  const born = bornOn(number);
  if (born === null) return "birth_date";
  if (born > today) return "future";
  return checkDigit(number) === number[17] ? null : "check_digit";
}

/** The date of birth that a resident id names; null if there is no such day. Used for the check alone, never shown. */
function bornOn(/** @type {string} */ number) {
  const [year, month, day] = [number.slice(6, 10), number.slice(10, 12), number.slice(12, 14)].map(Number);
  const date = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day));
  const isReal = date.getUTCFullYear() === year && date.getUTCMonth() + 1 === month && date.getUTCDate() === day;
  return isReal && date.getUTCFullYear() >= FIRST_YEAR ? date : null;
}
