// The places: regions of the Earth with how many photos were taken there, finer ones inside of the chosen one.

/** @import { Facets, Filters } from "./types.js" */
/** @import { Choosable } from "./button_list.js" */
/** @import { Region } from "./regions.js" */

import { ButtonList } from "./button_list.js";
import { byId } from "./element.js";
import { formatBox, NO_FILTERS, parseBox } from "./filter_values.js";
import { counted, formatCount } from "./format.js";
import { formatRegion } from "./place_words.js";
import { regionsOf } from "./regions.js";

/** @typedef {Pick<Filters, "bbox" | "near" | "radius">} Place */

const { bbox, near, radius } = NO_FILTERS;
/** @type {Place} */
const ANYWHERE = { bbox, near, radius };

export class Places {
  #list;
  #shown = "";
  /** @type {Choosable[]} */
  #items = [];

  /** @param {(place: Place) => void} onChange */
  constructor(onChange) {
    this.#list = new ButtonList(byId("places"), (key) => onChange({ ...ANYWHERE, bbox: key === this.#shown ? "" : key }));
  }

  /** @param {Filters} filters that are in force from now on; which regions they leave is not known yet */
  mark({ bbox: shown }) {
    this.#shown = shown;
    this.#list.draw(this.#items.map((item) => ({ ...item, pressed: item.key === shown })));
  }

  /**
   * @param {Filters} filters that are in force
   * @param {Facets} facets
   */
  draw({ bbox: shown }, facets) {
    this.#shown = shown;
    const chosen = parseBox(shown);
    const regions = regionsOf(facets.tiles, chosen);
    const items = regions.length > 1 || !chosen ? regions.map((region) => item(region, false)) : [];
    if (chosen) items.unshift(item({ box: chosen, count: facets.image_count }, true, shown));
    this.#items = items;
    this.#list.draw(items);
    byId("places-field").hidden = items.length === 0;
    const without = facets.without_place_count;
    byId("without-place").textContent = without ? `no place: ${formatCount(without)}` : "";
  }
}

/**
 * @param {Region} region
 * @param {boolean} pressed
 * @param {string} [key]
 */
function item({ box, count }, pressed, key = formatBox(box)) {
  const name = formatRegion(box);
  return { key, name, count: formatCount(count), label: `${name}, ${counted(count, "photo")}`, pressed };
}
