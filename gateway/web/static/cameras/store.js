/** The cameras that the page knows, and which of them it shows in what order. Values only: no request, no painting. */

import { texts } from "../i18n.js";
import { named, rank } from "./signs.js";

/**
 * @typedef {import("./signs.js").Camera} Camera
 * @typedef {{text: string, state: string, zone: string}} Filter `state`: "" for all, "wrong" for all that are not as
 *   they should be
 */

/** The cameras after some of them were told anew; a camera that was not known comes to the end. */
export function withTold(/** @type {Camera[]} */ cameras, /** @type {Camera[]} */ told) {
  const news = new Map(told.map((one) => [one.id, one]));
  const kept = cameras.map((one) => {
    const newer = news.get(one.id);
    news.delete(one.id);
    return newer ?? one;
  });
  return [...kept, ...news.values()];
}

/** What is wrong first, then by name; the same order each time. */
export function inOrder(/** @type {Camera[]} */ cameras) {
  const name = (/** @type {Camera} */ one) => named(one.name, texts.language);
  const compare = new Intl.Collator(texts.language === "zh" ? "zh-CN" : "en", { numeric: true }).compare;
  return [...cameras].sort((a, b) => rank(a) - rank(b) || compare(name(a), name(b)) || compare(a.id, b.id));
}

export function isWrong(/** @type {Camera} */ camera) {
  return ["no_picture", "faulty", "suspect"].includes(camera.state);
}

/** True if the filter lets a camera through; names are found in both languages. */
export function fits(/** @type {Camera} */ camera, /** @type {Filter} */ filter) {
  if (filter.zone && camera.zone !== filter.zone) return false;
  if (filter.state === "wrong" ? !isWrong(camera) : filter.state && camera.state !== filter.state) return false;
  const wanted = filter.text.trim().toLowerCase();
  if (!wanted) return true;
  return [camera.id, camera.name.en, camera.name.zh].some((text) => text.toLowerCase().includes(wanted));
}

/** How many cameras are in each state. @returns {Record<string, number>} */
export function counted(/** @type {Camera[]} */ cameras) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const one of cameras) counts[one.state] = (counts[one.state] ?? 0) + 1;
  return counts;
}

/**
 * The order in which to show cameras while somebody has a finger on the list: those on it stay where they are.
 * @param {string[]} before ids as they are shown
 * @param {Camera[]} wanted in the order that they should have
 */
export function held(before, wanted) {
  const at = new Map(before.map((id, index) => [id, index]));
  return [...wanted].sort((a, b) => (at.get(a.id) ?? Infinity) - (at.get(b.id) ?? Infinity) || 0);
}
