// Which photo the large view shows: opened from the grid or by the address, stepped through, closed again.

/** @import { Grid } from "./grid.js" */
/** @import { Search } from "./search.js" */
/** @import { Photo } from "./types.js" */

import { currentAddress, currentEntry, pushAddress, replaceAddress } from "./address.js";
import { aloneHit, getPhoto } from "./api.js";
import { announce } from "./states.js";
import { Viewer } from "./viewer.js";

export class PhotoView {
  #search;
  #grid;
  #viewer;
  #count;

  /**
   * @param {Search} search
   * @param {Grid} grid
   * @param {object} handlers
   * @param {(id: string) => void} handlers.similar
   * @param {(photo: Photo) => void} handlers.folder
   * @param {(photo: Photo) => void} handlers.near
   * @param {(text: string) => void} handlers.text searches for a text
   * @param {() => number | null} handlers.count of all photos, null while it is not known
   */
  constructor(search, grid, handlers) {
    this.#count = handlers.count;
    this.#search = search;
    this.#grid = grid;
    this.#viewer = new Viewer({ ...handlers, step: (step) => void this.#step(step), close: () => this.#close() });
  }

  /** @param {string} id of one of the results, or of any photo */
  open(id) {
    const entry = currentEntry();
    pushAddress({ ...currentAddress(), photo: id }, { ...entry, stacked: true });
    void this.sync(id);
  }

  /**
   * Brings the large view in line with the address.
   *
   * @param {string} id empty closes it
   */
  async sync(id) {
    if (id === this.#viewer.shown) return;
    if (!id) {
      const { shown } = this.#viewer;
      this.#viewer.close();
      this.#grid.focus(shown);
    } else if (!this.#showResult(id)) await this.#showOther(id);
  }

  /** More results came: the photo that is shown may be among them, or have a next one now. */
  resultsChanged() {
    if (this.#viewer.isOpen) this.#showPosition();
  }

  #showPosition() {
    const index = this.#indexOf(this.#viewer.shown);
    if (index >= 0) this.#viewer.showPosition(this.#position(index));
  }

  /**
   * @param {string} id
   * @returns {boolean} whether it is among the results
   */
  #showResult(id) {
    const index = this.#indexOf(id);
    if (index < 0) return false;
    const { hits } = this.#search.results;
    this.#viewer.show(hits[index], this.#position(index));
    for (const near of [hits[index + 1], hits[index - 1]]) if (near) this.#viewer.prefetch(near.photo.preview_url);
    return true;
  }

  /** @param {string} id of a photo that is not among the results (a shared address, say) */
  async #showOther(id) {
    try {
      const photo = await getPhoto(id);
      if (currentAddress().photo === id && !this.#showResult(id)) this.#viewer.show(aloneHit(photo), null);
    } catch {
      if (currentAddress().photo !== id) return;
      this.#viewer.close();
      replaceAddress({ ...currentAddress(), photo: "" });
      announce("This photo is not in the index.");
    }
  }

  /** @param {1 | -1} step */
  async #step(step) {
    const { results } = this.#search;
    const here = this.#indexOf(this.#viewer.shown);
    if (here < 0) return;
    const from = this.#viewer.shown;
    if (here + step >= results.hits.length && results.hasMore) await this.#search.more();
    const next = results.hits[here + step];
    if (!next || this.#viewer.shown !== from || results !== this.#search.results) return;
    replaceAddress({ ...currentAddress(), photo: next.photo.id });
    this.#showResult(next.photo.id);
  }

  #close() {
    if (!this.#viewer.isOpen) return;
    const { shown } = this.#viewer;
    this.#viewer.close();
    if (currentEntry().stacked) history.back();
    else replaceAddress({ ...currentAddress(), photo: "" });
    this.#grid.focus(shown);
  }

  /** @param {string} id */
  #indexOf(id) {
    return this.#search.results.hits.findIndex(({ photo }) => photo.id === id);
  }

  /** @param {number} index */
  #position(index) {
    const { hits, hasMore, best } = this.#search.results;
    return { index, fetched: hits.length, hasMore, count: this.#count(), best };
  }
}
