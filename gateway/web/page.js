// The page as a whole: goes to addresses, and shows what belongs to them.

/** @import { Address, Entry } from "./address.js" */
/** @import { Filters, Hit } from "./types.js" */
/** @import { State } from "./states.js" */

import {
  countFilters,
  currentAddress,
  currentEntry,
  formatAddress,
  isSearch,
  newKey,
  NO_FILTERS,
  pushAddress,
  replaceAddress,
  START,
} from "./address.js";
import { ApiError, getPhoto, listPhotos, searchByText, searchLike } from "./api.js";
import { byId } from "./element.js";
import { FilterRow } from "./filters.js";
import { counted, folderOf } from "./format.js";
import { Grid } from "./grid.js";
import { KeptResults } from "./kept_results.js";
import { PhotoView } from "./photo_view.js";
import { Pictures } from "./pictures.js";
import { showLiked, showLines, showTitle, showUploaded } from "./query_head.js";
import { Results } from "./results.js";
import { Search } from "./search.js";
import { announce } from "./states.js";
import { countAll, summarize } from "./summary.js";
import { choosePicture, makePreview } from "./upload.js";

const NAME = "Image search";

export class Page {
  #watch;
  #pictures = new Pictures();
  #filters;
  #grid;
  /** @type {Search} */
  #search;
  #view;
  #kept = new KeptResults();
  #key = "";
  /** How many photos the index held when the present ones were listed. */
  #countThen = 0;

  /** @param {import("./status.js").StatusWatch} watch */
  constructor(watch) {
    this.#watch = watch;
    this.#filters = new FilterRow((filters) => this.#filter(filters));
    this.#grid = new Grid({
      address: (id) => formatAddress({ ...currentAddress(), photo: id }),
      open: (id) => this.#view.open(id),
      similar: (id) => this.findSimilar(id),
      more: () => void this.#search.more(),
    });
    this.#search = new Search(this.#grid, watch, {
      ways: {
        retry: { text: "Try now", run: () => void this.#retry() },
        choosePicture: { text: "Choose a picture", run: choosePicture },
        start: { text: "Back to all photos", run: () => this.go(START) },
      },
      none: () => this.#whyNone(),
      came: (fresh, first) => this.#came(fresh, first),
      theEnd: () => this.#theEnd(),
      stateChanged: () => this.#stateChanged(),
    });
    this.#view = new PhotoView(this.#search, this.#grid, {
      similar: (id) => this.findSimilar(id),
      count: () => countAll(currentAddress(), this.#search.results, this.#watch.status),
      folder: (photo) => this.go({ ...START, filters: { ...NO_FILTERS, source: photo.source, folder: folderOf(photo.relative_path) } }),
    });
    /** Told when a state is shown instead of photos, or no more. */
    this.onState = () => {};
    watch.onChange(() => this.#statusChanged());
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
    this.go({ ...START, text: text.trim(), filters: currentAddress().filters });
  }

  /** @param {string} id */
  findSimilar(id) {
    this.go({ ...START, like: id, filters: currentAddress().filters });
  }

  /** @param {File} file */
  async searchPicture(file) {
    const key = newKey();
    const picture = this.#pictures.add(key, file);
    this.go({ ...START, picture: true, filters: currentAddress().filters }, { key, picture });
    picture.preview = await makePreview(file);
    this.#keepPicture(key);
    if (this.#key === key) this.#drawHead();
  }

  /** Leaves the search, keeps the filters. */
  clear() {
    this.go({ ...START, filters: currentAddress().filters });
  }

  /** @param {"newest" | "sample"} order */
  setOrder(order) {
    this.go({ ...currentAddress(), order, photo: "" });
  }

  /** @param {Filters} filters */
  #filter(filters) {
    const key = newKey();
    const entry = currentEntry();
    this.#pictures.share(entry, key);
    this.go({ ...currentAddress(), photo: "", filters }, { key, picture: this.#pictures.of(entry) });
  }

  #arrive() {
    const address = currentAddress();
    if (!currentEntry().key) replaceAddress(address, { key: newKey() });
    const { key } = currentEntry();
    const before = this.#key;
    if (key !== before) this.#show(address, key);
    void this.#view.sync(address.photo);
    if (before && key !== before && !document.activeElement?.closest("form, dialog")) byId("results").focus({ preventScroll: true });
  }

  /**
   * @param {Address} address
   * @param {string} key
   */
  #show(address, key) {
    this.#keep();
    this.#key = key;
    byId("order").hidden = isSearch(address);
    for (const choice of byId("order").querySelectorAll("button")) {
      choice.setAttribute("aria-pressed", String(choice.dataset.order === address.order));
    }
    const input = /** @type {HTMLInputElement} */ (byId("query"));
    input.value = address.text;
    byId("clear-query").hidden = !isSearch(address);
    this.#filters.show(address.filters);
    this.#countThen = this.#watch.status?.index.image_count ?? 0;
    this.#drawHead();
    const kept = this.#kept.get(key);
    if (!kept) window.scrollTo(0, 0);
    void this.#search.start(kept?.results ?? this.#results(address, currentEntry()));
    if (kept) window.scrollTo(0, kept.scroll);
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
  #results({ text, like, picture, filters, order }, entry) {
    return new Results(async (token, signal) => {
      if (text) return searchByText(text, filters, token, signal);
      if (like) return searchLike(like, filters, token, signal);
      if (!picture) return listPhotos(order, filters, token, signal);
      const limit = this.#watch.status?.upload_limit_bytes ?? 0;
      const page = await this.#pictures.search(entry, filters, token, limit, signal);
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

  /** @returns {ApiError | State} */
  #whyNone() {
    const { filters } = currentAddress();
    if (this.#watch.status?.index.image_count === 0 || (countFilters(filters) === 0 && !isSearch(currentAddress()))) {
      return new ApiError("INDEX_MISSING", "The index is empty.");
    }
    const filtered = countFilters(filters) > 0;
    return {
      name: "no-match",
      icon: "nothing",
      title: "No photos match",
      text: filtered ? "No photo meets the filters. Widen the dates or look in another folder." : "The index holds no other photo to compare with.",
      actions: filtered
        ? [{ text: "Clear the filters", run: () => this.#filter(NO_FILTERS), primary: true }]
        : [{ text: "Back to all photos", run: () => this.go(START), primary: true }],
    };
  }

  /**
   * @param {Hit[]} fresh
   * @param {boolean} first
   */
  #came(fresh, first) {
    this.#filters.suggestFolders(fresh.map(({ photo }) => photo.relative_path));
    this.#drawLines();
    const { hits, hasMore } = this.#search.results;
    const count = counted(hits.length, "photo");
    announce(first ? `${count}${hasMore ? ", more as you scroll" : ""}` : `${count} so far${hasMore ? "" : ", that is all"}`);
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
    if (nothingYet) byId("filters").hidden = true;
    this.onState();
  }

  #statusChanged() {
    if (this.#watch.status) this.#filters.setSources(this.#watch.status.index.sources);
    this.#countThen ||= this.#watch.status?.index.image_count ?? 0;
    this.#drawLines();
  }

  #drawHead() {
    const address = currentAddress();
    const entry = currentEntry();
    const picture = address.picture ? this.#pictures.of(entry) : null;
    const clear = () => this.clear();
    if (address.text) showTitle("Photos of", address.text);
    else if (address.like) void this.#drawLiked(address.like, entry.key);
    else if (picture) showUploaded(picture, clear);
    else showTitle(address.picture ? "Search by picture" : address.order === "sample" ? "A mix of your photos" : "Newest photos");
    const what = address.text || (address.like ? "Similar photos" : address.picture ? picture?.name || "Your picture" : "");
    document.title = what ? `${what} – ${NAME}` : NAME;
    this.#drawLines();
  }

  /**
   * @param {string} id
   * @param {string} key
   */
  async #drawLiked(id, key) {
    const known = this.#search.results.hits.find(({ photo }) => photo.id === id)?.photo ?? null;
    const handlers = { open: () => this.#view.open(id), clear: () => this.clear() };
    showLiked(known, handlers);
    const photo = known ?? (await getPhoto(id).catch(() => null));
    if (!photo || this.#key !== key) return;
    if (!known) showLiked(photo, handlers);
    document.title = `Similar to ${photo.name} – ${NAME}`;
  }

  #drawLines() {
    const { status } = this.#watch;
    const { results, shown } = this.#search;
    const address = currentAddress();
    const fresh = (status?.index.image_count ?? 0) - this.#countThen;
    const offer = { text: `Show ${counted(fresh, "new photo")}`, run: () => this.go(address) };
    showLines(shown ? summarize(address, results, status) : [], shown && !isSearch(address) && fresh > 0 ? offer : null);
  }
}
