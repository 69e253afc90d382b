/**
 * What machines that type (readers of documents, scanners of codes) have in common: whose a key may be, and how what
 * they typed leaves no trace.
 *
 * Leaves to others: which keys make a burst, and what is done with it (`ui/reader`, `kiosk/wedge`).
 */

/** A field and what it held. @typedef {{field: HTMLInputElement | HTMLTextAreaElement, value: string}} Before */

/** False for what no machine sends: made-up keys, held ones, those of an input method, and chords. */
export function mayBeTyped(/** @type {KeyboardEvent} */ event) {
  return event.isTrusted && !event.isComposing && !event.repeat && !event.altKey && !event.metaKey;
}

/** The field that has the focus, with what it holds now. @returns {Before | null} */
export function fieldNow() {
  const field = document.activeElement;
  return isField(field) ? { field, value: field.value } : null;
}

/** Keep a key from every field and button. */
export function stop(/** @type {Event} */ event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

export function putBack(/** @type {Before} */ before) {
  if (before.field.value === before.value) return;
  before.field.value = before.value;
  before.field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** @returns {field is HTMLInputElement | HTMLTextAreaElement} */
function isField(/** @type {Element | null} */ field) {
  return field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement;
}
