// The page as a whole: goes to addresses, and shows what belongs to them.

/** @import { Address, Entry } from "./address.js" */
/** @import { Filters, Photo } from "./types.js" */

import { currentAddress, currentEntry, formatAddress, isSearch, misunderstood, newKey, pushAddress, replaceAddress, START } from "./address.js";
import { listPhotos, searchByText, searchLike } from "./api.js";
import { byId } from "./element.js";
import { FailedFiles } from "./failed_files.js";
import { countFilters, formatNear, NO_FILTERS, USUAL_RADIUS } from "./filter_values.js";
import { FilterRow } from "./filters.js";
import { counted, folderOf } from "./format.js";
import { Grid } from "./grid.js";
import { Heading } from "./heading.js";
import { KeptResults } from "./kept_results.js";
import { whyNoPhotos } from "./no_photos.js";
import { OrderChoice } from "./order.js";
import { PhotoView } from "./photo_view.js";
import { Pictures } from "./pictures.js";
import { Results } from "./results.js";
import { Search } from "./search.js";
import { SimilarChoice } from "./similar_choice.js";
import { Stacks } from "./stacks.js";
import { announce } from "./states.js";
import { countAll } from "./summary.js";
import { choosePicture, makePreview } from "./upload.js";

export class Page {
  #watch;
  #pictures = new Pictures();
  #filters;
  #order;
  #similar;
  #grid;
  /** @type {Search} */
  #search;
  #view;
  #stacks;
  #failedFiles;
  #heading;
  #kept = new KeptResults();
  #key = "";

  /** @param {import("./status.js").StatusWatch} watch */
  constructor(watch) {
    this.#watch = watch;
    this.#filters = new FilterRow((filters) => this.#change({ filters }));
    this.#order = new OrderChoice((order) => this.#change({ order }));
    this.#similar = new SimilarChoice((similar) => this.#change({ similar }));
    this.#failedFiles = new FailedFiles(watch);
    this.#grid = new Grid({
      address: (id) => formatAddress({ ...currentAddress(), photo: id }),
      open: (id) => this.#view.open(id),
      similar: (id) => this.findSimilar(id),
      stack: (id) => void this.#stacks.toggle(id),
      more: () => void this.#search.more(),
    });
    const start = { text: "Back to all photos", run: () => this.go(START) };
    const clear = { text: "Clear the filters", run: () => this.#change({ filters: NO_FILTERS }) };
    this.#search = new Search(this.#grid, watch, {
      ways: {
        retry: { text: "Try now", run: () => void this.#retry() },
        choosePicture: { text: "Choose a picture", run: choosePicture },
        start,
        failedFiles: { text: "Files that could not be indexed", run: () => this.#failedFiles.open() },
      },
      none: () => whyNoPhotos(currentAddress(), this.#watch.status, { clear, start }),
      came: (first) => this.#came(first),
      theEnd: () => this.#theEnd(),
      stateChanged: () => this.#stateChanged(),
    });
    this.#stacks = new Stacks(this.#search, this.#grid, () => this.#resultsChanged());
    this.#view = new PhotoView(this.#search, this.#grid, {
      similar: (id) => this.findSimilar(id),
      text: (text) => this.searchText(text),
      count: () => countAll(currentAddress(), this.#search.results, this.#watch.status),
      folder: (photo) => this.#list({ source: photo.source, folder: folderOf(photo.relative_path) }),
      near: (photo) => this.#listNear(photo),
    });
    this.#heading = new Heading(watch, this.#pictures, this.#search, {
      open: (id) => this.#view.open(id),
      clear: () => this.clear(),
      again: (address) => this.go(address),
      failedFiles: () => this.#failedFiles.open(),
    });
    /** Told when a state is shown instead of photos, or no more. */
    this.onState = () => {};
    watch.onChange(() => {
      if (watch.status) this.#filters.setIndex(watch.status.index);
    });
  }

  /** Shows what the browser's address says, now and after each going back or forward. */
  start() {
    history.scrollRestoration = "manual";
    window.addEventListener("popstate", () => this.#arrive());
    this.#arrive();
  }

  get stateName() {
    return this.#search.stateName;
  }

  /**
   * Goes to an address; to the present one means searching anew.
   *
   * @param {Address} address
   * @param {Partial<Entry>} [entry]
   */
  go(address, entry = {}) {
    const same = formatAddress(address) === formatAddress(currentAddress()) && !entry.key;
    if (same) replaceAddress(address, { key: newKey(), stacked: false });
    else pushAddress(address, { key: newKey(), ...entry });
    this.#arrive();
  }

  /** @param {string} text empty shows all photos */
  searchText(text) {
    this.go({ ...START, ...lasting(), text: text.trim() });
  }

  /** @param {string} id */
  findSimilar(id) {
    this.go({ ...START, ...lasting(), like: id });
  }

  /** @param {File} file */
  async searchPicture(file) {
    const key = newKey();
    const picture = this.#pictures.add(key, file);
    this.go({ ...START, ...lasting(), picture: true }, { key, picture });
    picture.preview = await makePreview(file);
    this.#keepPicture(key);
    if (this.#key === key) this.#heading.draw();
  }

  /** Leaves the search, keeps the filters. */
  clear() {
    this.go({ ...START, ...lasting() });
  }

  /**
   * Shows the same, filtered or ordered in another way.
   *
   * @param {Partial<Address>} changed
   */
  #change(changed) {
    const key = newKey();
    const entry = currentEntry();
    this.#pictures.share(entry, key);
    this.go({ ...currentAddress(), photo: "", failures: false, ...changed }, { key, picture: this.#pictures.of(entry) });
  }

  /** @param {Partial<Filters>} filters the only ones */
  #list(filters) {
    this.go({ ...START, filters: { ...NO_FILTERS, ...filters } });
  }

  /** @param {Photo} photo */
  #listNear({ location }) {
    if (location) this.#list({ near: formatNear(location), radius: USUAL_RADIUS });
  }

  #arrive() {
    const address = currentAddress();
    const dropped = misunderstood();
    if (!currentEntry().key) replaceAddress(address, { key: newKey() });
    const { key } = currentEntry();
    const before = this.#key;
    if (key !== before) this.#show(address, key, dropped);
    void this.#view.sync(address.photo);
    this.#failedFiles.sync(address.failures);
    if (before && key !== before && !document.activeElement?.closest("form, dialog, [data-keeps-focus]")) byId("results").focus({ preventScroll: true });
  }

  /**
   * @param {Address} address
   * @param {string} key
   * @param {string[]} dropped what the address said besides, but can't be understood
   */
  #show(address, key, dropped) {
    this.#keep();
    this.#key = key;
    this.#order.show(address.order, isSearch(address));
    this.#similar.show(address.similar, isSearch(address));
    const input = /** @type {HTMLInputElement} */ (byId("query"));
    input.value = address.text;
    byId("clear-query").hidden = !isSearch(address);
    this.#filters.show(address.filters);
    this.#heading.begin(dropped);
    const kept = this.#kept.get(key);
    if (!kept) window.scrollTo(0, 0);
    void this.#search.start(kept?.results ?? this.#results(address, currentEntry())).then(() => this.#settle(key));
    if (kept) window.scrollTo(0, kept.scroll);
  }

  /** @param {string} key of the entry whose photos are there, or can't be had */
  #settle(key) {
    if (key === this.#key) this.#filters.settle();
  }

  /** Keeps what is shown for when someone comes back to it. */
  #keep() {
    if (!this.#key) return;
    const { results, shown } = this.#search;
    this.#search.stop();
    this.#kept.keep(this.#key, shown ? { results, scroll: window.scrollY } : null);
  }

  /**
   * @param {Address} address
   * @param {Entry} entry
   */
  #results({ text, like, picture, ...choice }, entry) {
    return new Results(async (token, signal) => {
      if (text) return searchByText(text, choice, token, signal);
      if (like) return searchLike(like, choice, token, signal);
      if (!picture) return listPhotos(choice, token, signal);
      const limit = this.#watch.status?.upload_limit_bytes ?? 0;
      const page = await this.#pictures.search(entry, choice, token, limit, signal);
      this.#keepPicture(entry.key);
      return page;
    });
  }

  /** @param {string} key of the entry whose picture is to outlive a reload */
  #keepPicture(key) {
    const entry = currentEntry();
    if (entry.key === key) replaceAddress(currentAddress(), { picture: this.#pictures.of(entry) });
  }

  async #retry() {
    await this.#watch.ask();
    await this.#search.retry();
  }

  /** @param {boolean} first whether these are the first ones */
  #came(first) {
    if (first) this.#filters.settle();
    this.#resultsChanged();
    const { hits, hasMore } = this.#search.results;
    const count = counted(hits.length, "photo");
    announce(first ? `${count}${hasMore ? ", more as you scroll" : ""}` : `${count} so far${hasMore ? "" : ", that is all"}`);
  }

  #resultsChanged() {
    this.#heading.drawLines();
    this.#view.resultsChanged();
  }

  /** @returns {string} */
  #theEnd() {
    const count = this.#search.results.hits.length;
    return count < 8 ? "" : `That is all: ${counted(count, "photo")}.`;
  }

  #stateChanged() {
    const nothingYet = this.#search.stateName === "nothing-indexed";
    byId("intro").hidden = nothingYet || isSearch(currentAddress());
    byId("toolbar").hidden = nothingYet;
    byId("in-force").hidden = nothingYet || countFilters(currentAddress().filters) === 0;
    if (nothingYet) this.#filters.close();
    this.onState();
  }
}

/** What the next search keeps of the present address. */
function lasting() {
  const { filters, similar } = currentAddress();
  return { filters, similar };
}
