// The large view: one photo as large as the window allows, its facts beside it, the keyboard's arrows to go on.

/** @import { Hit } from "./types.js" */

import { whyNoPicture } from "./call.js";
import { button, byId, element, icon } from "./element.js";
import { makeFacts } from "./facts.js";
import { formatCount } from "./format.js";

const TINY = 64; // pixels at the longest edge

/**
 * Where a photo stands among the results.
 *
 * @typedef {object} Position
 * @property {number} index from 0
 * @property {number} fetched so far
 * @property {boolean} hasMore
 * @property {number | null} count of all, null while it is not known
 * @property {number} best score of the search
 */

export class Viewer {
  #dialog = /** @type {HTMLDialogElement} */ (byId("viewer"));
  #image = /** @type {HTMLImageElement} */ (byId("viewer-image"));
  #previous = /** @type {HTMLButtonElement} */ (byId("viewer-previous"));
  #next = /** @type {HTMLButtonElement} */ (byId("viewer-next"));
  #handlers;
  /** The id of the photo that is shown; empty while closed. */
  shown = "";

  /**
   * @param {object} handlers
   * @param {(step: 1 | -1) => void} handlers.step
   * @param {() => void} handlers.close
   * @param {(id: string) => void} handlers.similar
   * @param {(photo: Hit["photo"]) => void} handlers.folder
   * @param {(photo: Hit["photo"]) => void} handlers.near
   * @param {(text: string) => void} handlers.text searches for a text
   */
  constructor(handlers) {
    this.#handlers = handlers;
    byId("viewer-close").addEventListener("click", handlers.close);
    this.#previous.addEventListener("click", () => handlers.step(-1));
    this.#next.addEventListener("click", () => handlers.step(1));
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      handlers.close();
    });
    this.#dialog.addEventListener("keydown", (event) => this.#keyPressed(event));
    byId("viewer-stage").addEventListener("click", (event) => {
      if (event.target === event.currentTarget) handlers.close();
    });
  }

  get isOpen() {
    return this.#dialog.open;
  }

  /**
   * @param {Hit} hit
   * @param {Position | null} position null for a photo that is not among the results
   */
  show(hit, position) {
    const { photo, score } = hit;
    this.shown = photo.id;
    this.#showImage(photo);
    byId("viewer-name").textContent = photo.name;
    byId("viewer-actions").replaceChildren(...this.#makeActions(photo));
    byId("viewer-facts").replaceChildren(...makeFacts(photo, score, position?.best ?? 0, {
      folder: () => this.#handlers.folder(photo),
      near: () => this.#handlers.near(photo),
      text: this.#handlers.text,
    }));
    this.showPosition(position);
    if (!this.#dialog.open) {
      this.#dialog.showModal();
      byId("viewer-name").focus({ preventScroll: true });
    }
    this.#dialog.querySelector(".viewer-layout")?.scrollTo(0, 0);
  }

  close() {
    this.shown = "";
    if (this.#dialog.open) this.#dialog.close();
    this.#image.removeAttribute("src");
  }

  /** @param {string} url fetched ahead of its being shown */
  prefetch(url) {
    new Image().src = url;
  }

  /** @param {Hit["photo"]} photo */
  #showImage(photo) {
    const problem = byId("viewer-problem");
    problem.hidden = true;
    // The thumbnail is there already: it holds the place until the preview is.
    this.#image.hidden = false;
    this.#image.src = photo.thumbnail_url;
    this.#image.alt = photo.name;
    this.#image.width = photo.width || 3;
    this.#image.height = photo.height || 2;
    this.#image.style.setProperty("--ratio", String((photo.width || 3) / (photo.height || 2)));
    this.#image.style.setProperty("--own-width", photo.width ? `${photo.width}px` : "100%");
    this.#image.classList.toggle("viewer-image-tiny", photo.width > 0 && Math.max(photo.width, photo.height) < TINY);
    this.#image.classList.add("viewer-image-coarse");
    const preview = new Image();
    preview.addEventListener("load", () => {
      if (this.shown !== photo.id) return;
      this.#image.src = preview.src;
      this.#image.classList.remove("viewer-image-coarse");
    });
    preview.addEventListener("error", async () => {
      const why = await whyNoPicture(photo.preview_url);
      if (this.shown !== photo.id) return;
      this.#image.hidden = true;
      problem.replaceChildren(icon("broken"), element("span", {}, why));
      problem.hidden = false;
    });
    preview.src = photo.preview_url;
  }

  /** @param {Hit["photo"]} photo */
  #makeActions(photo) {
    const similar = button("Find similar", () => this.#handlers.similar(photo.id), { icon: "similar", kind: "primary" });
    const open = element("a", { class: "button", href: photo.original_url, target: "_blank", rel: "noopener" }, icon("open"), "Original");
    const download = element("a", { class: "button", href: photo.original_url, download: photo.name }, icon("download"), "Download");
    return [similar, open, download];
  }

  /** @param {Position | null} position of the photo that is shown */
  showPosition(position) {
    const atStart = !position || position.index === 0;
    const atEnd = !position || (position.index === position.fetched - 1 && !position.hasMore);
    const lost = document.activeElement === this.#previous ? atStart : document.activeElement === this.#next && atEnd;
    if (lost) byId("viewer-name").focus();
    this.#previous.hidden = atStart;
    this.#next.hidden = atEnd;
    byId("viewer-position").textContent = position
      ? `${formatCount(position.index + 1)} of ${position.count === null ? `${formatCount(position.fetched)}+` : formatCount(position.count)}`
      : "";
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.#handlers.step(/** @type {1 | -1} */ (step));
  }
}
