// A line of buttons of which one may be chosen. Drawn anew, it keeps the buttons that stay, and with them the focus.

import { element } from "./element.js";

/**
 * @typedef {object} Choosable
 * @property {string} key
 * @property {string} name
 * @property {string} count below the name
 * @property {string} label read out in place of both
 * @property {boolean | "mixed"} pressed "mixed" if a part of it is chosen
 * @property {boolean} [disabled]
 */

export class ButtonList {
  #place;
  #choose;
  /** @type {Map<string, HTMLButtonElement>} */
  #buttons = new Map();
  /** Which one was scrolled to, among how many. */
  #revealed = "";

  /**
   * @param {HTMLElement} place
   * @param {(key: string) => void} choose
   */
  constructor(place, choose) {
    this.#place = place;
    this.#choose = choose;
  }

  /** @param {Choosable[]} items */
  draw(items) {
    const focused = this.#place.contains(document.activeElement) ? document.activeElement : null;
    const buttons = new Map(items.map((item) => [item.key, this.#buttons.get(item.key) ?? this.#make(item.key)]));
    for (const [key, button] of this.#buttons) if (!buttons.has(key)) button.remove();
    this.#buttons = buttons;
    [...buttons.values()].forEach((button, i) => {
      if (this.#place.children[i] !== button) this.#place.insertBefore(button, this.#place.children[i] ?? null);
    });
    for (const item of items) drawButton(/** @type {HTMLButtonElement} */ (buttons.get(item.key)), item);
    if (focused && !this.#place.contains(document.activeElement)) this.#place.querySelector("button")?.focus();
    this.#reveal(items.find(({ pressed }) => pressed)?.key ?? "");
  }

  /**
   * Scrolls to the chosen one, once: a person may scroll on from there.
   *
   * @param {string} key empty if none is
   */
  #reveal(key) {
    const chosen = this.#buttons.get(key);
    const revealed = `${key} of ${this.#buttons.size}`;
    if (revealed === this.#revealed || chosen?.offsetWidth === 0) return;
    this.#revealed = revealed;
    if (!chosen) return;
    const [line, button] = [this.#place.getBoundingClientRect(), chosen.getBoundingClientRect()];
    if (button.left < line.left || button.right > line.right) this.#place.scrollLeft += button.left - line.left - (line.width - button.width) / 2;
  }

  /** @param {string} key */
  #make(key) {
    const button = element("button", { type: "button", class: "choice" }, element("span", { class: "choice-name" }), element("span", { class: "choice-count" }));
    button.addEventListener("click", () => this.#choose(key));
    return button;
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {Choosable} item
 */
function drawButton(button, { name, count, label, pressed, disabled = false }) {
  button.children[0].textContent = name;
  button.children[1].textContent = count;
  button.setAttribute("aria-label", label);
  button.setAttribute("aria-pressed", String(pressed));
  button.disabled = disabled;
}
