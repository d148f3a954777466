// In which order the photos stand: a search's best or newest first, a list's newest first or mixed.

/** @import { Order } from "./types.js" */

import { byId, element } from "./element.js";

/** @typedef {{order: Order, name: string, title?: string}} Way */

/** @type {Way[]} */
const OF_SEARCH = [
  { order: "", name: "Best first" },
  { order: "newest", name: "Newest first", title: "The best matches, by when they were taken" },
];
/** @type {Way[]} */
const OF_LIST = [
  { order: "", name: "Newest" },
  { order: "sample", name: "Mixed", title: "A mixed sample of all photos" },
];

export class OrderChoice {
  #place = byId("order");
  #onChange;
  /** @type {Way[]} */
  #ways = [];

  /** @param {(order: Order) => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /**
   * @param {Order} order that is in force
   * @param {boolean} isSearch
   */
  show(order, isSearch) {
    const ways = isSearch ? OF_SEARCH : OF_LIST;
    if (ways !== this.#ways) this.#place.replaceChildren(...ways.map((way) => this.#make(way)));
    this.#ways = ways;
    [...this.#place.children].forEach((choice, i) => choice.setAttribute("aria-pressed", String(ways[i].order === order)));
  }

  /** @param {Way} way */
  #make({ order, name, title }) {
    const choice = element("button", { type: "button", class: "order-choice", title }, name);
    choice.addEventListener("click", () => this.#onChange(order));
    return choice;
  }
}
