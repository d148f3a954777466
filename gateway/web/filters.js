// The filter row: when a photo was taken, and which source and folder it lies in.

/** @import { Filters, Status } from "./types.js" */

import { countFilters, NO_FILTERS, trimSlashes } from "./address.js";
import { byId, element } from "./element.js";
import { counted, folderOf, formatPath } from "./format.js";

const MAX_SUGGESTIONS = 50;

export class FilterRow {
  #form = /** @type {HTMLFormElement} */ (byId("filters"));
  #toggle = byId("toggle-filters");
  #folders = new Set();
  #source = /** @type {HTMLSelectElement} */ (this.#form.elements.namedItem("source"));
  /** @type {Status["index"]["sources"]} */
  #sources = [];
  #shown = NO_FILTERS;

  /** @param {(filters: Filters) => void} onChange */
  constructor(onChange) {
    this.#toggle.addEventListener("click", () => this.#open(this.#form.hidden));
    byId("clear-filters").addEventListener("click", () => onChange(NO_FILTERS));
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("change", () => {
      if (this.#form.checkValidity()) onChange(this.#read());
    });
  }

  /** @param {Filters} filters that are in force */
  show(filters) {
    this.#shown = filters;
    for (const name of /** @type {const} */ (["from", "to"])) this.#field(name).value = filters[name];
    this.#field("folder").value = formatPath(filters.folder);
    this.#drawSources();
    const count = countFilters(filters);
    byId("filter-count").textContent = String(count);
    byId("filter-count").hidden = count === 0;
    byId("clear-filters").hidden = count === 0;
    if (count > 0) this.#open(true);
  }

  /** @param {Status["index"]["sources"]} sources of the index */
  setSources(sources) {
    if (JSON.stringify(sources) === JSON.stringify(this.#sources)) return;
    this.#sources = sources;
    this.#drawSources();
  }

  /** @param {string[]} paths of photos, whose folders are suggested */
  suggestFolders(paths) {
    const before = this.#folders.size;
    for (const path of paths) {
      const folder = folderOf(path);
      if (folder && this.#folders.size < MAX_SUGGESTIONS) this.#folders.add(formatPath(folder));
    }
    if (this.#folders.size === before) return;
    byId("folders").replaceChildren(...[...this.#folders].sort().map((folder) => element("option", { value: folder })));
  }

  /** @returns {Filters} */
  #read() {
    const folder = trimSlashes(this.#field("folder").value);
    const only = this.#sources.length === 1 ? this.#sources[0].source : "";
    return {
      from: this.#field("from").value,
      to: this.#field("to").value,
      source: this.#source.value || (folder ? only || this.#shown.source || this.#sources[0]?.source || "" : ""),
      folder: folder === formatPath(this.#shown.folder) ? this.#shown.folder : folder.replaceAll("%", "%25"),
    };
  }

  #drawSources() {
    const names = this.#sources.map(({ source }) => source);
    if (this.#shown.source && !names.includes(this.#shown.source)) names.push(this.#shown.source);
    const counts = new Map(this.#sources.map(({ source, image_count: count }) => [source, count]));
    const options = names.map((name) => {
      const count = counts.get(name);
      return element("option", { value: name }, count === undefined ? name : `${name} (${counted(count, "photo")})`);
    });
    this.#source.replaceChildren(element("option", { value: "" }, "All sources"), ...options);
    this.#source.value = this.#shown.source;
    byId("source-field").hidden = names.length < 2;
  }

  /** @param {boolean} open */
  #open(open) {
    this.#form.hidden = !open;
    this.#toggle.setAttribute("aria-expanded", String(open));
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name));
  }
}
