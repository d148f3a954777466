// The filters in force, each with a way to remove it alone. They are shown whether or not the filter row is open.

/** @import { Filters } from "./types.js" */

import { byId, element, icon } from "./element.js";
import { countFilters, nearbyOf, NO_FILTERS, parseBox } from "./filter_values.js";
import { formatCamera, formatMediaType, formatPath } from "./format.js";
import { formatDays } from "./periods.js";
import { formatPlace, formatRadius, formatRegion } from "./place_words.js";

const RADII = [1_000, 10_000, 100_000];
// About a kilometre.
const PLACE_DIGITS = 2;

/**
 * @typedef {object} Part
 * @property {string} key
 * @property {string} name
 * @property {(Node | string)[]} [content] instead of the name
 * @property {(keyof Filters)[]} of which it consists
 */

export class InForce {
  #list = byId("in-force-list");
  #onChange;

  /** @param {(filters: Filters) => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
    byId("clear-filters").addEventListener("click", () => onChange(NO_FILTERS));
  }

  /** @param {Filters} filters */
  show(filters) {
    const place = byId("in-force");
    const focused = document.activeElement;
    const hadFocus = focused !== null && place.contains(focused);
    const key = focused?.closest("li")?.dataset.part;
    const kind = focused?.tagName.toLowerCase();
    this.#list.replaceChildren(...this.#parts(filters).map((part) => this.#draw(part, filters)));
    const count = countFilters(filters);
    byId("clear-filters").hidden = count < 2;
    place.hidden = count === 0;
    if (!hadFocus || (place.contains(document.activeElement) && count > 0)) return;
    const same = /** @type {HTMLElement | null} */ (this.#list.querySelector(`[data-part="${key}"] ${kind}`));
    (same ?? this.#list.querySelector("button") ?? byId("toggle-filters")).focus();
  }

  /**
   * @param {Part} part
   * @param {Filters} filters
   */
  #draw({ key, name, content = [element("span", { class: "in-force-name", dir: "auto", title: name }, name)], of }, filters) {
    const remove = element("button", { type: "button", class: "in-force-remove", "aria-label": `Remove the filter ${name}`, title: "Remove" }, icon("close"));
    const without = Object.fromEntries(of.map((field) => [field, NO_FILTERS[field]]));
    remove.addEventListener("click", () => this.#onChange({ ...filters, ...without }));
    return element("li", { class: "in-force-part", "data-part": key }, ...content, remove);
  }

  /**
   * @param {Filters} filters
   * @returns {Part[]}
   */
  #parts(filters) {
    const { from, to, source, folder, make, model, type } = filters;
    const box = parseBox(filters.bbox);
    const nearby = nearbyOf(filters);
    /** @type {(Part | "" | null)[]} */
    const parts = [
      (from || to) && { key: "days", name: formatDays({ from, to }), of: ["from", "to"] },
      source && { key: "folder", name: folder ? `${source} / ${formatPath(folder)}` : source, of: ["source", "folder"] },
      (make || model) && { key: "camera", name: formatCamera({ make, model }), of: ["make", "model"] },
      type && { key: "type", name: formatMediaType(type), of: ["type"] },
      box && { key: "bbox", name: formatRegion(box), of: ["bbox"] },
      nearby && {
        key: "near",
        name: `within ${formatRadius(nearby.radius_meters)} of ${formatPlace(nearby, PLACE_DIGITS)}`,
        content: ["Within", this.#makeRadius(filters), `of ${formatPlace(nearby, PLACE_DIGITS)}`],
        of: ["near", "radius"],
      },
    ];
    return parts.filter((part) => part !== null && part !== "");
  }

  /** @param {Filters} filters */
  #makeRadius(filters) {
    const present = Number(filters.radius);
    const all = [...new Set([...RADII, present])].sort((a, b) => a - b);
    const options = all.map((meters) => element("option", { value: meters, selected: meters === present }, formatRadius(meters)));
    const select = element("select", { class: "in-force-radius", "aria-label": "Distance" }, ...options);
    select.addEventListener("change", () => this.#onChange({ ...filters, radius: select.value }));
    return select;
  }
}
