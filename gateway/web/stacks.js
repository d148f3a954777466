// Photos that look alike: a search shows the best of them, and the others behind it when one asks for them.

/** @import { Grid } from "./grid.js" */
/** @import { Search } from "./search.js" */
/** @import { Hit } from "./types.js" */

import { aloneHit, getPhoto } from "./api.js";
import { counted } from "./format.js";
import { announce } from "./states.js";

export class Stacks {
  #search;
  #grid;
  #changed;
  /** Which ones are being fetched. */
  #underway = new Set();

  /**
   * @param {Search} search
   * @param {Grid} grid
   * @param {() => void} changed told when other photos are shown
   */
  constructor(search, grid, changed) {
    this.#search = search;
    this.#grid = grid;
    this.#changed = changed;
  }

  /**
   * Shows the photos behind one, or hides them again.
   *
   * @param {string} id
   */
  async toggle(id) {
    const { results } = this.#search;
    const hit = results.hits.find(({ photo }) => photo.id === id);
    if (!hit || this.#underway.has(id)) return;
    if (hit.unfolded) {
      results.fold(hit);
      this.#grid.fold(id);
      return this.#changed();
    }
    this.#underway.add(id);
    const behind = await fetchBehind(hit).finally(() => this.#underway.delete(id));
    if (results !== this.#search.results || !this.#search.shown) return;
    if (behind.length === 0) return announce("The similar photos can't be loaded.");
    results.unfold(hit, behind);
    this.#grid.unfold(id, behind);
    this.#changed();
    announce(`${counted(behind.length, "similar photo")} shown`);
  }
}

/**
 * @param {Hit} hit
 * @returns {Promise<Hit[]>} those that are still there
 */
async function fetchBehind({ photo, similar }) {
  const photos = await Promise.all(similar.ids.map((id) => getPhoto(id).catch(() => null)));
  return photos.filter((one) => one !== null).map((one) => ({ ...aloneHit(one), behind: photo.id }));
}
