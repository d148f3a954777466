// The filter row: when and where a photo was taken, with which camera, which folder it lies in, which kind of file it is.

/** @import { Filters, Status } from "./types.js" */

import { drawChoices, drawSources, parseCamera, suggestFolders } from "./choices.js";
import { Counts } from "./counts.js";
import { byId } from "./element.js";
import { countFilters, NO_FILTERS, trimSlashes } from "./filter_values.js";
import { formatPath } from "./format.js";
import { InForce } from "./in_force.js";
import { Places } from "./places.js";
import { Timeline } from "./timeline.js";

export class FilterRow {
  #form = /** @type {HTMLFormElement} */ (byId("filters"));
  #toggle = byId("toggle-filters");
  #counts = new Counts(() => this.#countsChanged());
  #inForce;
  #timeline;
  #places;
  /** @type {Status["index"] | null} */
  #index = null;
  #shown = NO_FILTERS;
  /** Whether the photos are there, or can't be had: counts wait for that. */
  #settled = false;

  /** @param {(filters: Filters) => void} onChange */
  constructor(onChange) {
    const change = (/** @type {Partial<Filters>} */ changed) => onChange({ ...this.#shown, ...changed });
    this.#inForce = new InForce(onChange);
    this.#timeline = new Timeline(change);
    this.#places = new Places(change);
    this.#toggle.addEventListener("click", () => this.#open(this.#form.hidden));
    byId("ask-counts").addEventListener("click", () => this.#ask());
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("change", () => {
      if (this.#form.checkValidity()) change(this.#read());
    });
  }

  /** @param {Filters} filters that are in force */
  show(filters) {
    this.#shown = filters;
    this.#settled = false;
    this.#counts.stop();
    for (const name of /** @type {const} */ (["from", "to"])) this.#field(name).value = filters[name];
    this.#field("folder").value = formatPath(filters.folder);
    this.#inForce.show(filters);
    this.#places.mark(filters);
    this.#drawFields();
    const count = countFilters(filters);
    byId("filter-count").textContent = String(count);
    byId("filter-count").hidden = count === 0;
  }

  /** The photos of these filters are there, or can't be had. */
  settle() {
    this.#settled = true;
    this.#ask();
  }

  /** @param {Status["index"]} index */
  setIndex(index) {
    const same = JSON.stringify(index.sources) === JSON.stringify(this.#index?.sources);
    this.#index = index;
    if (!same) drawSources(this.#shown, index.sources);
  }

  /** Hides the row where there is nothing to filter. */
  close() {
    this.#open(false);
  }

  #ask() {
    if (this.#settled && !this.#form.hidden) void this.#counts.ask(this.#shown, this.#index?.image_count ?? 0);
  }

  #countsChanged() {
    const { facets, failed, busy } = this.#counts;
    byId("facets").setAttribute("aria-busy", String(busy));
    byId("counts-failed").hidden = !failed || busy;
    if (busy) return;
    this.#drawFields();
    if (!facets || failed) return;
    this.#places.draw(this.#shown, facets);
    suggestFolders(this.#shown, facets);
  }

  #drawFields() {
    const { facets, failed } = this.#counts;
    drawSources(this.#shown, this.#index?.sources ?? []);
    drawChoices(this.#shown, facets, facets !== null || failed);
    this.#timeline.draw(this.#shown, facets);
  }

  /** @returns {Partial<Filters>} what the fields say */
  #read() {
    const folder = trimSlashes(this.#field("folder").value);
    const sources = this.#index?.sources ?? [];
    const only = sources.length === 1 ? sources[0].source : "";
    return {
      from: this.#field("from").value,
      to: this.#field("to").value,
      source: this.#field("source").value || (folder ? only || this.#shown.source || sources[0]?.source || "" : ""),
      folder: folder === formatPath(this.#shown.folder) ? this.#shown.folder : folder.replaceAll("%", "%25"),
      ...parseCamera(this.#field("camera").value),
      type: this.#field("type").value,
    };
  }

  /** @param {boolean} open */
  #open(open) {
    this.#form.hidden = !open;
    this.#toggle.setAttribute("aria-expanded", String(open));
    if (!open) return this.#counts.stop();
    this.#drawFields();
    this.#ask();
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name));
  }
}
