// Asks how many photos there are to choose from: after the photos themselves, and never for filters that are no longer in force.

/** @import { Facets, Filters } from "./types.js" */

import { getFacets } from "./api.js";
import { parseBox } from "./filter_values.js";
import { zoomFor } from "./regions.js";

export class Counts {
  #changed;
  #asking = new AbortController();
  #busy = false;
  /** The filters and the moment that the latest counts are, or will be, of. */
  #key = "";
  /** @type {Facets | null} null until the first ones are there */
  facets = null;
  /** Whether the latest ones could not be had. */
  failed = false;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Whether newer ones are under way. */
  get busy() {
    return this.#busy;
  }

  /**
   * @param {Filters} filters
   * @param {number} photos in the index: where that changes, the counts do
   */
  async ask(filters, photos) {
    const key = JSON.stringify([filters, photos]);
    if (key === this.#key && !this.failed) return;
    this.stop();
    this.#key = key;
    const { signal } = (this.#asking = new AbortController());
    this.#busy = true;
    this.failed = false;
    this.#changed();
    try {
      const facets = await getFacets(filters, zoomFor(parseBox(filters.bbox)), signal);
      if (signal.aborted) return;
      this.facets = facets;
    } catch {
      if (signal.aborted) return;
      this.failed = true;
    }
    this.#busy = false;
    this.#changed();
  }

  /** Gives up what is under way. */
  stop() {
    if (!this.#busy) return;
    this.#asking.abort();
    this.#busy = false;
    this.#key = "";
  }
}
