// Copies a text for a person: a command to run, the id of a photo.

import { element, icon } from "./element.js";

const COPIED_FOR = 2000;

/**
 * A small button that copies a text.
 *
 * @param {string} text
 * @param {Node} shown where the text stands on the page
 * @param {string} name of the button, for who can't see it
 */
export function copyButton(text, shown, name) {
  const label = element("span", { "aria-live": "polite" }, "Copy");
  const copy = element("button", { type: "button", class: "button button-small", "aria-label": name }, icon("copy"), label);
  copy.addEventListener("click", async () => {
    label.textContent = (await copyText(text, shown)) ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (label.textContent = "Copy"), COPIED_FOR);
  });
  return copy;
}

/**
 * Copies a text, or where the browser does not allow that (pages without TLS), selects it for the person to copy.
 *
 * @param {string} text
 * @param {Node} shown
 */
async function copyText(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection()?.selectAllChildren(shown);
    return false;
  }
}
