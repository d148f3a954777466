// One photo in the grid: its thumbnail, its name, its date and how near it is to what was searched for.

/** @import { Hit } from "./types.js" */

import { element, icon } from "./element.js";
import { counted, formatCount, formatDay, formatScore, scoreShare } from "./format.js";

// Very tall photos are cropped to this ratio in the grid (and very wide ones by the style); the large view shows them whole.
const NARROWEST = 0.7;
// Beyond this ratio, either way, hardly a line of pixels is left in a thumbnail.
const EXTREME = 4;
// How many times its own pixels a picture may be drawn: more shows a blur instead of a small picture.
const UPSCALING = 2;

/**
 * @param {Hit} hit
 * @param {number} best the best score of the search
 * @param {string} href the address of its large view
 * @returns {HTMLLIElement}
 */
export function makeCard({ photo, score, similar: { count }, unfolded, behind }, best, href) {
  const image = element("img", {
    alt: "",
    width: photo.width,
    height: photo.height,
    loading: "lazy",
    decoding: "async",
    draggable: "false",
  });
  const frame = element("span", { class: "card-frame" }, image);
  image.addEventListener("load", () => {
    limitUpscaling(image);
    frame.classList.add("card-frame-loaded");
  });
  image.addEventListener("error", () => frame.replaceChildren(missing()));
  image.src = isExtreme(photo) ? photo.preview_url : photo.thumbnail_url;

  const meta = element("span", { class: "card-meta" }, makeDate(photo), score === null ? null : makeScore(score, best));
  const link = element(
    "a",
    { class: "card-link", href, "data-id": photo.id },
    frame,
    element("span", { class: "card-name", title: photo.name, dir: "auto" }, photo.name),
    meta,
  );
  const similar = element(
    "button",
    { class: "card-similar", type: "button", "aria-label": `Find photos similar to ${photo.name}`, title: "Find similar", "data-similar": photo.id },
    icon("similar"),
  );
  const card = element("li", { class: "card", "data-behind": behind }, link, count > 0 ? makeStack(photo, count) : null, similar);
  drawUnfolded(card, unfolded ?? false);
  card.style.setProperty("--ratio", String(shownRatio(photo.width, photo.height)));
  return card;
}

/**
 * @param {HTMLElement} card
 * @param {boolean} unfolded whether the photos that it stands for are shown behind it
 */
export function drawUnfolded(card, unfolded) {
  const stack = card.querySelector(".card-stack");
  stack?.setAttribute("aria-expanded", String(unfolded));
  stack?.setAttribute("title", unfolded ? "Hide the photos that look like this one" : "Show the photos that look like this one");
}

/**
 * @param {Hit["photo"]} photo
 * @param {number} count of the photos that it stands for
 */
function makeStack({ id }, count) {
  const text = element("span", { "aria-hidden": "true" }, `+${formatCount(count)}`);
  return element("button", { class: "card-stack", type: "button", "aria-label": counted(count, "similar photo"), "data-stack": id }, icon("stack"), text);
}

/** @param {number} ratio of the place that a photo will take */
export function makeSkeleton(ratio) {
  const card = element("li", { class: "card card-skeleton" }, element("span", { class: "card-frame" }), element("span", { class: "card-line" }));
  card.style.setProperty("--ratio", String(ratio));
  return card;
}

/**
 * @param {number} width
 * @param {number} height
 */
function shownRatio(width, height) {
  const ratio = width > 0 && height > 0 ? width / height : 1.5;
  return Math.max(NARROWEST, ratio).toFixed(4);
}

/** @param {Hit["photo"]} photo */
function isExtreme({ width, height }) {
  return Math.max(width, height) > EXTREME * Math.min(width, height);
}

/** @param {HTMLImageElement} image */
function limitUpscaling(image) {
  image.style.setProperty("--most-wide", `min(100%, ${UPSCALING * image.naturalWidth}px)`);
  image.style.setProperty("--most-high", `min(100%, ${UPSCALING * image.naturalHeight}px)`);
}

/** @param {Hit["photo"]} photo */
function makeDate(photo) {
  const fromFile = photo.taken_at_source === "file";
  const text = formatDay(photo.taken_at);
  const title = fromFile ? "The file's date: the photo itself does not tell one" : "When it was taken";
  return element("span", { class: fromFile ? "card-date card-date-file" : "card-date", title: text && title }, text);
}

/**
 * @param {number} score
 * @param {number} best
 */
function makeScore(score, best) {
  const meter = element("span", { class: "score-meter", "aria-hidden": "true" });
  meter.style.setProperty("--share", scoreShare(score, best).toFixed(3));
  return element(
    "span",
    { class: "score", title: scoreExplained(score) },
    meter,
    element("span", { class: "visually-hidden" }, "similarity "),
    formatScore(score, 2),
  );
}

/** @param {number} score */
export function scoreExplained(score) {
  return (
    `Similarity ${formatScore(score, 3)}: the cosine between this photo and the search, 1 at most. ` +
    "The best match fills the bar, unless it is a faint one itself. Compare scores within one search only."
  );
}

function missing() {
  return element("span", { class: "card-missing" }, icon("broken"), "No preview");
}
