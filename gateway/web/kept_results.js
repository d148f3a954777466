// What was shown before, so that going back is instant and comes back to the same place.

/** @import { Results } from "./results.js" */

const KEPT = 20;

/** @typedef {{results: Results, scroll: number}} Kept */

export class KeptResults {
  /** @type {Map<string, Kept>} by the entry's key, the latest last */
  #kept = new Map();

  /**
   * @param {string} key
   * @param {Kept | null} kept null forgets
   */
  keep(key, kept) {
    this.#kept.delete(key);
    if (kept) this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT) this.#kept.delete(oldest);
  }

  /** @param {string} key */
  get(key) {
    return this.#kept.get(key);
  }
}
