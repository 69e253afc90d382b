/**
 * The list of a group as people type or paste it: a name on each line, or name, kind of document, number; or a CSV file.
 *
 * Promises: every line that cannot be taken is named by its number with a sentence; nothing is guessed but that eighteen
 * characters after a name are a resident id. Commas, Chinese commas, semicolons and tabs part cells. A first line of
 * headings is left out. Leaves to others: the leader, who is not on the list.
 *
 * @typedef {{name: string, document?: {kind: string, number: string}}} Member
 * @typedef {{line: number, text: string}} Fault
 */

import { t } from "../i18n.js";
import { faultOf, KINDS, plainNumber } from "../ui/documents.js";
import { wrongDocument } from "../ui/field.js";
import { documentWord } from "../kiosk/sheets/visitor_words.js";

export const MOST = 199;
const LONGEST = 64;
const HEADINGS = /^(name|names|姓名|名字)$/i;
/** Words of lists besides the page's own. @type {Record<string, string>} */
const WORDS = {
  身份证: "resident_id",
  居民身份证: "resident_id",
  id: "resident_id",
  护照: "passport",
  passport: "passport",
  港澳通行证: "hk_macao_permit",
  台胞证: "taiwan_permit",
  居留许可: "residence_permit",
  驾驶证: "driving_licence",
};

/**
 * @param {string} text
 * @param {Date} today
 * @returns {{members: Member[], lines: number[], faults: Fault[]}} `lines`: on which line each member stands
 */
export function readList(text, today) {
  /** @type {{members: Member[], lines: number[], faults: Fault[]}} */
  const found = { members: [], lines: [], faults: [] };
  text.split(/\r\n|\r|\n/).forEach((row, at) => {
    const cells = row.split(/[,，;；\t]/).map((cell) => cell.replace(/^\s*"|"\s*$/g, "").trim());
    const [name = "", second = "", third = ""] = cells;
    if (!cells.some((cell) => cell)) return;
    if (found.members.length === 0 && found.faults.length === 0 && HEADINGS.test(name)) return;
    const line = at + 1;
    const fault = (/** @type {string} */ said) => found.faults.push({ line, text: said });
    if (!name) return void fault(t("The name is missing."));
    if ([...name].length > LONGEST) return void fault(t("This is too long."));
    if (found.members.length >= MOST) return void fault(t("A group has at most {count} people beside its leader.", { count: MOST }));
    const [kind, number] = third ? [kindOf(second), third] : second ? [plainNumber(second).length === 18 ? "resident_id" : "", second] : ["", ""];
    if (number && !kind) return void fault(t("Say which kind of document it is: {kinds}.", { kinds: KINDS.map(documentWord).join(" · ") }));
    const wrong = number ? faultOf(kind, number, today) : null;
    if (wrong !== null) return void fault(wrongDocument(wrong));
    found.members.push(number ? { name, document: { kind, number: plainNumber(number) } } : { name });
    found.lines.push(line);
  });
  return found;
}

function kindOf(/** @type {string} */ typed) {
  const plain = typed.normalize("NFKC").trim().toLowerCase();
  return KINDS.find((kind) => kind === plain || documentWord(kind).toLowerCase() === plain) ?? WORDS[plain] ?? "";
}

/** What a file says, if it is a list: at most 200 kB of text. @returns {Promise<string>} */
export async function textOf(/** @type {File} */ file) {
  if (file.size > 200_000) throw new Error(t("This file is too large to be a list of names."));
  const bytes = await file.arrayBuffer();
  for (const coding of ["utf-8", "gb18030"]) {
    try {
      return new TextDecoder(coding, { fatal: true }).decode(bytes).replace(/^\ufeff/, "");
    } catch {
      // Office programs here save CSV in GB 18030.
    }
  }
  throw new Error(t("This file is no text. Save the table as CSV."));
}

/**
 * What the gateway found wrong, with the lines of the list where it is one of those.
 * @param {Record<string, string>} errors
 * @param {number[]} lines on which line each member stands
 * @returns {Record<string, string>}
 */
export function withLines(errors, lines) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const [path, said] of Object.entries(errors)) {
    const member = /^members\[(\d+)\]/.exec(path);
    if (member) found["rows"] ??= `${t("line {number}", { number: lines[Number(member[1])] ?? "?" })}: ${said}`;
    else found[path === "members" ? "rows" : path] = said;
  }
  return found;
}
