// What stands above the photos, and in the tab: what they are of, how many there are, and whether new ones came.

/** @import { Address } from "./address.js" */
/** @import { Pictures } from "./pictures.js" */
/** @import { Search } from "./search.js" */
/** @import { StatusWatch } from "./status.js" */

import { currentAddress, currentEntry, isSearch } from "./address.js";
import { getPhoto } from "./api.js";
import { countFilters } from "./filter_values.js";
import { counted, countFailed } from "./format.js";
import { showLiked, showLines, showTitle, showUploaded } from "./query_head.js";
import { summarize } from "./summary.js";

const NAME = "Image search";

export class Heading {
  #watch;
  #pictures;
  #search;
  #handlers;
  /** How many photos the index held when the present ones were listed. */
  #countThen = 0;
  /** @type {string[]} */
  #dropped = [];

  /**
   * @param {StatusWatch} watch
   * @param {Pictures} pictures
   * @param {Search} search
   * @param {object} handlers
   * @param {(id: string) => void} handlers.open shows a photo large
   * @param {() => void} handlers.clear leaves the search
   * @param {(address: Address) => void} handlers.again shows an address anew
   * @param {() => void} handlers.failedFiles lists the files that could not be indexed
   */
  constructor(watch, pictures, search, handlers) {
    this.#watch = watch;
    this.#pictures = pictures;
    this.#search = search;
    this.#handlers = handlers;
    watch.onChange(() => {
      this.#countThen ||= this.#count;
      this.drawLines();
    });
  }

  /**
   * Another address is shown. Photos that come later than this are new ones.
   *
   * @param {string[]} dropped what it said besides, but can't be understood
   */
  begin(dropped) {
    this.#dropped = dropped;
    this.#countThen = this.#count;
    this.draw();
  }

  draw() {
    const address = currentAddress();
    const entry = currentEntry();
    const { clear } = this.#handlers;
    const picture = address.picture ? this.#pictures.of(entry) : null;
    if (address.text) showTitle("Photos of", address.text);
    else if (address.like) void this.#drawLiked(address.like, entry.key);
    else if (picture) showUploaded(picture, clear);
    else showTitle(address.picture ? "Search by picture" : address.order === "sample" ? "A mix of your photos" : "Newest photos");
    const what = address.text || (address.like ? "Similar photos" : address.picture ? picture?.name || "Your picture" : "");
    document.title = what ? `${what} – ${NAME}` : NAME;
    this.drawLines();
  }

  drawLines() {
    const { status } = this.#watch;
    const { results, shown } = this.#search;
    const address = currentAddress();
    const fresh = this.#count - this.#countThen;
    const fresher = { text: `Show ${counted(fresh, "new photo")}`, icon: "reset", run: () => this.#handlers.again(address) };
    const dropped = this.#dropped.map((name) => `The address had a “${name}” that can't be understood: it was left out.`);
    const lines = shown ? summarize(address, results, status) : [];
    const failed = status?.index.failure_count ?? 0;
    const failedFiles = { text: countFailed(failed), icon: "info", run: this.#handlers.failedFiles };
    const whole = shown && !isSearch(address);
    const offers = [whole && fresh > 0 ? fresher : null, whole && failed > 0 && countFilters(address.filters) === 0 ? failedFiles : null];
    showLines([...lines, ...dropped], offers.filter((offer) => offer !== null));
  }

  /**
   * @param {string} id
   * @param {string} key of the entry that it is drawn for
   */
  async #drawLiked(id, key) {
    const known = this.#search.results.hits.find(({ photo }) => photo.id === id)?.photo ?? null;
    const handlers = { open: () => this.#handlers.open(id), clear: this.#handlers.clear };
    showLiked(known, handlers);
    const photo = known ?? (await getPhoto(id).catch(() => null));
    if (!photo || currentEntry().key !== key) return;
    if (!known) showLiked(photo, handlers);
    document.title = `Similar to ${photo.name} – ${NAME}`;
  }

  get #count() {
    return this.#watch.status?.index.image_count ?? 0;
  }
}
