/**
 * The sheets of the kiosk, one line each: what a guard can open from the bar along the lower edge.
 *
 * name: its word in `kiosk.open(name)`, in `draft(name)` and the file `sheets/NAME.js`.
 * sign: one sign before the label; never alone. label: () => its words, by t(), so that both languages have them.
 * tag: the custom element that `load` defines; its class extends Sheet (see sheet.js).
 * right: who has it not sees no button. records: true if it shows records: then it is covered while the kiosk is locked.
 * place: "bar" (a button of its own) | "more" (behind "More") | "none" (only opened by kiosk.open).
 *
 * To add one: a line here, `sheets/NAME.js`, `sheets/NAME.css` and its line in templates/kiosk.html.
 */

import { t } from "../i18n.js";

/**
 * @typedef {{name: string, sign: string, label: () => string, tag: string, load: () => Promise<unknown>,
 *   right: string, records: boolean, place: "bar" | "more" | "none"}} SheetLine
 */

/** @type {SheetLine[]} */
export const SHEETS = [
  // SHELL
  {
    name: "responder",
    sign: "✚",
    label: () => t("Responders"),
    tag: "wg-s-responder",
    load: () => import("./sheets/responder.js"),
    right: "answer_waiting",
    records: false,
    place: "bar",
  },
  // REGISTER
  {
    name: "visitor",
    sign: "+",
    label: () => t("Visitor"),
    tag: "wg-s-visitor",
    load: () => import("./sheets/visitor.js"),
    right: "register_visits",
    records: true,
    place: "bar",
  },
  {
    name: "no_card",
    sign: "▭",
    label: () => t("No card"),
    tag: "wg-s-no-card",
    load: () => import("./sheets/no_card.js"),
    right: "identify",
    records: true,
    place: "bar",
  },
  // VISITS
  {
    name: "visits",
    sign: "☰",
    label: () => t("Visits"),
    tag: "wg-s-visits",
    load: () => import("./sheets/visits.js"),
    right: "register_visits",
    records: true,
    place: "more",
  },
  {
    name: "group",
    sign: "⁂",
    label: () => t("Group"),
    tag: "wg-s-group",
    load: () => import("./sheets/group.js"),
    right: "register_visits",
    records: true,
    place: "more",
  },
  // PASSES
  {
    name: "scan",
    sign: "▦",
    label: () => t("Scan a pass"),
    tag: "wg-s-scan",
    load: () => import("./sheets/scan.js"),
    right: "answer_waiting",
    records: false,
    place: "more",
  },
  {
    name: "pass",
    sign: "▦",
    label: () => t("Pass"),
    tag: "wg-s-pass",
    load: () => import("./sheets/pass.js"),
    right: "register_visits",
    records: true,
    place: "none",
  },
  // SHIFT
  {
    name: "call",
    sign: "☎",
    label: () => t("Call"),
    tag: "wg-s-call",
    load: () => import("./sheets/call.js"),
    right: "answer_waiting",
    records: false,
    place: "bar",
  },
  {
    name: "shift",
    sign: "⇄",
    label: () => t("Shift"),
    tag: "wg-s-shift",
    load: () => import("./sheets/shift.js"),
    right: "answer_waiting",
    records: true,
    place: "more",
  },
  {
    name: "paper",
    sign: "▤",
    label: () => t("Paper day"),
    tag: "wg-s-paper",
    load: () => import("./sheets/paper.js"),
    right: "answer_waiting",
    records: true,
    place: "more",
  },
  // LANES
  {
    name: "vehicle",
    sign: "◫",
    label: () => t("Vehicle"),
    tag: "wg-s-vehicle",
    load: () => import("./sheets/vehicle.js"),
    right: "answer_waiting",
    records: false,
    place: "bar",
  },
];
