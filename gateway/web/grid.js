// The grid of photos: rows filled edge to edge by CSS from each photo's ratio, and more of them as one scrolls.

/** @import { Hit } from "./types.js" */

import { drawUnfolded, makeCard, makeSkeleton } from "./card.js";
import { button, byId, element } from "./element.js";
import { neighbour } from "./neighbour.js";

const SKELETON_RATIOS = [1.5, 0.75, 1.33, 1.78, 1, 1.5, 1.5, 0.8, 1.33, 1.5, 1, 1.78, 0.75, 1.5, 1.33, 1.5];
const FETCH_AHEAD = "1200px";

export class Grid {
  #grid = byId("grid");
  #end = byId("grid-end");
  #handlers;
  #best = 0;

  /**
   * @param {object} handlers
   * @param {(id: string) => string} handlers.address of a photo's large view
   * @param {(id: string) => void} handlers.open
   * @param {(id: string) => void} handlers.similar
   * @param {(id: string) => void} handlers.stack shows the photos behind one, or hides them again
   * @param {() => void} handlers.more asked for when the end comes near
   */
  constructor(handlers) {
    this.#handlers = handlers;
    this.#grid.addEventListener("click", (event) => this.#clicked(event));
    this.#grid.addEventListener("keydown", (event) => this.#moveFocus(event));
    const near = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.#handlers.more();
    }, { rootMargin: FETCH_AHEAD });
    near.observe(this.#end);
    this.near = near;
  }

  /** @param {Hit[]} hits the first page */
  show(hits) {
    this.#best = Math.max(0, ...hits.map(({ score }) => score ?? 0));
    this.#grid.replaceChildren();
    this.#grid.removeAttribute("aria-busy");
    this.#grid.hidden = false;
    this.add(hits);
  }

  /** @param {Hit[]} hits the next page */
  add(hits) {
    this.#grid.append(...this.#cards(hits));
  }

  /**
   * @param {string} id
   * @param {Hit[]} behind the photos to show behind this one
   */
  unfold(id, behind) {
    const card = this.#card(id);
    card?.after(...this.#cards(behind));
    if (card) drawUnfolded(card, true);
  }

  /** @param {string} id of a photo; those behind it are hidden again */
  fold(id) {
    const card = this.#card(id);
    if (!card) return;
    while (card.nextElementSibling instanceof HTMLElement && card.nextElementSibling.dataset.behind === id) card.nextElementSibling.remove();
    drawUnfolded(card, false);
  }

  /** Other photos are on their way: those that are shown stay until then. */
  awaitPhotos() {
    this.#grid.setAttribute("aria-busy", "true");
  }

  /** Shows where photos will be. */
  showSkeletons() {
    this.#grid.replaceChildren(...SKELETON_RATIOS.map(makeSkeleton));
    this.#grid.hidden = false;
    this.#end.hidden = true;
  }

  hide() {
    this.#grid.replaceChildren();
    this.#grid.removeAttribute("aria-busy");
    this.#grid.hidden = true;
    this.#end.hidden = true;
  }

  /** More is to come: fetched when the end comes near. */
  endOpen() {
    this.#end.replaceChildren(element("span", { class: "grid-spinner" }), element("span", { class: "visually-hidden" }, "Loading more photos"));
    this.#end.hidden = false;
    this.near.unobserve(this.#end); // observed anew, it reports at once where it is
    this.near.observe(this.#end);
  }

  /** @param {string} text what is said below the last photo */
  endClosed(text) {
    this.#end.replaceChildren(element("p", {}, text));
    this.#end.hidden = text === "";
  }

  /**
   * @param {string} text
   * @param {string} action
   * @param {() => void} retry
   */
  endFailed(text, action, retry) {
    this.#end.replaceChildren(element("p", { role: "alert" }, text), button(action, retry, { icon: "reset" }));
    this.#end.hidden = false;
  }

  /** @param {string} id of the photo whose card gets the focus */
  focus(id) {
    const link = /** @type {HTMLElement | null | undefined} */ (this.#card(id)?.querySelector("a[data-id]"));
    link?.focus({ preventScroll: true });
    link?.scrollIntoView({ block: "nearest" });
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const target = /** @type {Element} */ (event.target);
    const similar = /** @type {HTMLElement | null} */ (target.closest("[data-similar]"));
    const stack = /** @type {HTMLElement | null} */ (target.closest("[data-stack]"));
    const link = /** @type {HTMLElement | null} */ (target.closest("a[data-id]"));
    if (similar) this.#handlers.similar(similar.dataset.similar ?? "");
    else if (stack) this.#handlers.stack(stack.dataset.stack ?? "");
    else if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      this.#handlers.open(link.dataset.id ?? "");
    }
  }

  /** @param {KeyboardEvent} event arrows go from photo to photo */
  #moveFocus(event) {
    const links = this.#links();
    const here = links.findIndex((link) => link.closest("li")?.contains(document.activeElement));
    if (here < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const there = neighbour(links, here, event.key);
    if (there === null) return;
    event.preventDefault();
    links[there]?.focus();
  }

  /** @param {Hit[]} hits */
  #cards(hits) {
    return hits.map((hit) => makeCard(hit, this.#best, this.#handlers.address(hit.photo.id)));
  }

  /** @param {string} id */
  #card(id) {
    return this.#links().find((link) => link.dataset.id === id)?.closest("li");
  }

  /** @returns {HTMLElement[]} */
  #links() {
    return [...this.#grid.querySelectorAll("a[data-id]")].map((link) => /** @type {HTMLElement} */ (link));
  }
}
