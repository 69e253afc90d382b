/** Elements by hand, for pages that have to work on any phone without the browser libraries. Text is only ever text. */

/**
 * @param {string} tag with classes: `p.quiet`
 * @param {Record<string, any>} [given] attributes; a function is a listener of that event; false and null are left out
 * @param {...(Node | string | null | false)} children
 * @returns {HTMLElement}
 */
export function el(tag, given = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const made = document.createElement(name || "div");
  made.classList.add(...classes);
  for (const [key, value] of Object.entries(given)) {
    if (value === null || value === false || value === undefined) continue;
    if (typeof value === "function") made.addEventListener(key, value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== false));
  return made;
}

/** Put these in place of what is there; the heading gets the focus, so that a reader hears the new question. */
export function show(/** @type {HTMLElement} */ place, /** @type {Node[]} */ ...children) {
  place.replaceChildren(...children);
  const heading = place.querySelector("h1, h2");
  if (heading instanceof HTMLElement) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
  scrollTo(0, 0);
}

/** A button that says by itself that it is at work, and takes no second press meanwhile. */
export function button(
  /** @type {string} */ kind,
  /** @type {(Node | string)[]} */ label,
  /** @type {() => void | Promise<void>} */ act,
) {
  const made = el(
    `button${kind}`,
    {
      type: "button",
      click: async () => {
        if (made.getAttribute("aria-busy") === "true") return;
        made.setAttribute("aria-busy", "true");
        try {
          await act();
        } finally {
          made.removeAttribute("aria-busy");
        }
      },
    },
    ...label,
  );
  return made;
}
