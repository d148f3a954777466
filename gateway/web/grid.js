// The grid of photos: rows filled edge to edge by CSS from each photo's ratio, and more of them as one scrolls.

/** @import { Hit } from "./types.js" */

import { makeCard, makeSkeleton } from "./card.js";
import { button, byId, element } from "./element.js";

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
    this.#grid.append(...hits.map((hit) => makeCard(hit, this.#best, this.#handlers.address(hit.photo.id))));
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
    const link = this.#links().find((one) => one.dataset.id === id);
    link?.focus({ preventScroll: true });
    link?.scrollIntoView({ block: "nearest" });
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const target = /** @type {Element} */ (event.target);
    const similar = /** @type {HTMLElement | null} */ (target.closest("[data-similar]"));
    const link = /** @type {HTMLElement | null} */ (target.closest("a[data-id]"));
    if (similar) this.#handlers.similar(similar.dataset.similar ?? "");
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

  /** @returns {HTMLElement[]} */
  #links() {
    return [...this.#grid.querySelectorAll("a[data-id]")].map((link) => /** @type {HTMLElement} */ (link));
  }
}

/**
 * @param {HTMLElement[]} links
 * @param {number} here
 * @param {string} key
 * @returns {number | null}
 */
function neighbour(links, here, key) {
  if (key === "ArrowRight") return here + 1;
  if (key === "ArrowLeft") return here - 1;
  if (key === "ArrowDown") return across(links, here, 1);
  if (key === "ArrowUp") return across(links, here, -1);
  return null;
}

/**
 * The photo in the next row whose middle is nearest.
 *
 * @param {HTMLElement[]} links
 * @param {number} here
 * @param {1 | -1} step
 */
function across(links, here, step) {
  const from = links[here].getBoundingClientRect();
  const middle = (/** @type {DOMRect} */ box) => box.left + box.width / 2;
  let row = null;
  let nearest = here;
  let distance = Infinity;
  for (let i = here + step; i >= 0 && i < links.length; i += step) {
    const box = links[i].getBoundingClientRect();
    if (Math.abs(box.top - from.top) < 2) continue;
    row ??= box.top;
    if (Math.abs(box.top - row) >= 2) break;
    const away = Math.abs(middle(box) - middle(from));
    if (away < distance) [nearest, distance] = [i, away];
  }
  return nearest;
}
