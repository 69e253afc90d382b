/**
 * Which keys stand where on the on-screen keyboard: rows of single characters and of named keys; what is on a named key,
 * and what is read out for it.
 */

import { t } from "../i18n.js";

/** @typedef {"latin" | "pinyin" | "digits" | "signs"} Layer */
/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */

const LETTERS = ["q w e r t y u i o p", "a s d f g h j k l back"];

/** @type {Record<Layer, string[]>} */
export const LAYERS = {
  latin: [...LETTERS, "shift z x c v b n m - .", "to-digits to-signs to-pinyin space · next away"],
  pinyin: [...LETTERS, "' z x c v b n m ， 。", "to-digits to-signs to-latin space · next away"],
  digits: ["1 2 3 back", "4 5 6 X", "7 8 9 -", "to-latin to-pinyin 0 next away"],
  signs: [
    "1 2 3 4 5 6 7 8 9 0",
    "@ # & + / ( ) : ; back",
    "· ， 。 、 ？ ！ “ ” ' \"",
    "to-digits to-latin to-pinyin space , . next away",
  ],
};

/** The rows of a layer, key by key. @returns {string[][]} */
export function rowsOf(/** @type {Layer} */ layer) {
  return LAYERS[layer].map((row) => row.split(" "));
}

/** @type {Record<string, () => string>} */
export const FACES = {
  shift: () => "⇧",
  back: () => "⌫",
  space: () => t("space"),
  next: () => t("Next"),
  away: () => "▾",
  "to-latin": () => "ABC",
  "to-pinyin": () => "拼",
  "to-digits": () => "123",
  "to-signs": () => "·/@",
};

/** @type {Record<string, () => string>} */
export const NAMES = {
  shift: () => t("Capital letter"),
  back: () => t("Delete to the left"),
  away: () => t("Put the keyboard away"),
  "to-latin": () => `ABC ${t("Letters")}`,
  "to-pinyin": () => `拼 ${t("Pinyin")}`,
  "to-digits": () => `123 ${t("Numbers")}`,
  "to-signs": () => `·/@ ${t("Signs")}`,
};

/** Keys that move the page. */
export const LATE = /\b(to-\w+|next|away|show)\b/;

const TEXTUAL = new Set(["text", "search", "tel", "url", "email", "number", ""]);

/** A field that text goes into. @returns {element is Field} */
export function isField(/** @type {Element | null} */ element) {
  if (element instanceof HTMLTextAreaElement) return !element.readOnly && !element.disabled;
  if (!(element instanceof HTMLInputElement) || element.readOnly || element.disabled) return false;
  return TEXTUAL.has(element.type) && element.dataset.keyboard !== "none";
}
