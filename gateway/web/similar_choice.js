// Whether a search shows photos that look alike as one.

/** @import { Similar } from "./types.js" */

import { byId } from "./element.js";

export class SimilarChoice {
  #switch = byId("stack-similar");

  /** @param {(similar: Similar) => void} onChange */
  constructor(onChange) {
    this.#switch.addEventListener("click", () => onChange(this.#switch.getAttribute("aria-checked") === "true" ? "shown" : ""));
  }

  /**
   * @param {Similar} similar that is in force
   * @param {boolean} isSearch
   */
  show(similar, isSearch) {
    this.#switch.hidden = !isSearch;
    this.#switch.setAttribute("aria-checked", String(similar === ""));
  }
}
