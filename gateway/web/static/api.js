/** Talking to the gateway: JSON in, JSON out, and a problem in the page's words if it did not work. */

import { t } from "./i18n.js";

/** What the gateway did not do, in words for the person at the screen. */
export class Problem extends Error {
  /**
   * @param {string} kind
   * @param {string} message for the person at the screen
   * @param {number} status
   * @param {{detail?: string, errors?: {field: string, message: string}[]}} [more] what the gateway says of it
   */
  constructor(kind, message, status, more = {}) {
    super(message);
    this.kind = kind;
    this.status = status;
    /** A code and words for programs, in English. */
    this.detail = more.detail ?? "";
    /** Every wrong field, where fields were wrong. */
    this.errors = more.errors ?? [];
  }
}

/** Every kind of problem that a person can do something about. */
export function inWords(/** @type {string} */ kind, /** @type {string} */ title) {
  switch (kind) {
    case "wrong-password":
      return t("User and password do not fit. Nothing was changed; please try again.");
    case "too-many":
      return t("Too many attempts from here. Please wait a moment and try again.");
    case "not-signed-in":
      return t("You are signed out. Please sign in again.");
    case "not-allowed":
      return t("Your roles do not give you this.");
    case "conflict":
      return t("Somebody else was faster, or things have changed.");
    case "locked":
      return t("The records are locked. Card and PIN unlock them.");
    case "not-found":
      return t("That is gone already.");
    case "unavailable":
      return t("The records cannot be written just now. Nothing was done; please try again.");
    default:
      return title;
  }
}

/**
 * @param {string} method
 * @param {string} path below /api/v1/
 * @param {object} [body]
 * @returns {Promise<any>}
 */
export async function ask(method, path, body) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(`/api/v1/${path}`, {
      method,
      credentials: "same-origin",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(8000),
    });
  } catch {
    throw new Problem("no-answer", t("The gateway does not answer. Nothing is known of what was asked."), 0);
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const kind = String(answer.type ?? "").replace("/problems/", "");
  throw new Problem(kind, inWords(kind, String(answer.title ?? response.status)), response.status, answer);
}
