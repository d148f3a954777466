// The facts of a photo, as a list for the large view.

/** @import { Photo } from "./types.js" */

import { scoreExplained } from "./card.js";
import { copyButton } from "./copy.js";
import { button, element } from "./element.js";
import {
  folderOf,
  formatAltitude,
  formatBytes,
  formatCamera,
  formatCivilTime,
  formatDimensions,
  formatMediaType,
  formatMoment,
  formatPath,
  formatScore,
  relativeScore,
} from "./format.js";
import { formatPlace } from "./place_words.js";

/**
 * @param {Photo} photo
 * @param {number | null} score
 * @param {number} best score of the search, 0 if it is not known
 * @param {object} handlers
 * @param {() => void} handlers.folder shows the photo's folder
 * @param {() => void} handlers.near shows the photos near its place
 * @param {(text: string) => void} handlers.text searches for a text
 * @returns {HTMLElement[]} rows of a description list
 */
export function makeFacts(photo, score, best, { folder, near, text }) {
  const camera = photo.camera ? formatCamera(photo.camera) : "";
  return [
    score === null ? null : row("Similarity", makeScore(score, best)),
    photo.title ? row("Title", written(photo.title)) : null,
    photo.caption ? row("Caption", written(photo.caption)) : null,
    photo.rating ? row("Rating", makeRating(photo.rating)) : null,
    photo.keywords.length > 0 ? row("Keywords", makeKeywords(photo.keywords, text)) : null,
    row("Taken", makeDate(photo)),
    camera ? row("Camera", camera) : null,
    photo.camera?.lens ? row("Lens", written(photo.camera.lens)) : null,
    photo.location ? row("Place", makePlace(photo.location, near)) : null,
    photo.altitude_meters === null ? null : row("Altitude", formatAltitude(photo.altitude_meters)),
    row("Dimensions", photo.width && photo.height ? formatDimensions(photo) : "unknown"),
    row("Size", [formatBytes(photo.size_bytes), formatMediaType(photo.media_type)].filter(Boolean).join(", ")),
    row("Path", makePath(photo, folder)),
    row("Source", element("span", { dir: "auto" }, photo.source)),
    photo.indexed_at ? row("Indexed", formatMoment(photo.indexed_at)) : null,
    row("Id", makeId(photo.id)),
  ].filter((fact) => fact !== null);
}

/**
 * @param {string} name
 * @param {Node | string} value
 */
function row(name, value) {
  return element("div", { class: "fact", "data-fact": name.toLowerCase() }, element("dt", {}, name), element("dd", {}, value));
}

/** @param {string} text of the file, in any language */
function written(text) {
  return element("span", { class: "fact-written", dir: "auto" }, text);
}

/** @param {number} rating 1 to 5, or -1 */
function makeRating(rating) {
  if (rating < 0) return "rejected";
  const stars = "★".repeat(rating) + "☆".repeat(Math.max(0, 5 - rating));
  return element("span", { role: "img", "aria-label": `${rating} of 5 stars` }, stars);
}

/**
 * @param {string[]} keywords
 * @param {(text: string) => void} search
 */
function makeKeywords(keywords, search) {
  const items = keywords.map((keyword) => {
    const chip = button(keyword, () => search(keyword), { title: "Search for this" });
    chip.classList.add("button-small");
    chip.dir = "auto";
    return element("li", {}, chip);
  });
  return element("ul", { class: "fact-keywords" }, ...items);
}

/** @param {Photo} photo */
function makeDate(photo) {
  const text = formatCivilTime(photo.taken_at);
  if (!text) return element("span", { class: "fact-muted" }, "unknown");
  const origin = photo.taken_at_source === "exif" ? "by the camera’s clock" : "the file’s date; the photo itself tells none";
  return element("span", {}, text, element("span", { class: "fact-muted fact-line" }, origin));
}

/**
 * @param {number} score
 * @param {number} best
 */
function makeScore(score, best) {
  const share = relativeScore(score, best);
  const text = share === 1 ? "the best match" : `${Math.floor(share * 100)} % of the best match’s`;
  const beside = best > 0 ? element("span", { class: "fact-muted fact-line" }, text) : null;
  return element("span", { title: scoreExplained(score) }, formatScore(score, 3), beside);
}

/**
 * @param {{latitude: number, longitude: number}} place
 * @param {() => void} onNear
 */
function makePlace(place, onNear) {
  const near = button("Photos near here", onNear, { title: "Show the photos that were taken within a kilometre" });
  near.classList.add("button-small");
  return element("span", { class: "fact-copy" }, formatPlace(place), near);
}

/**
 * @param {Photo} photo
 * @param {() => void} onFolder
 */
function makePath(photo, onFolder) {
  const path = folderOf(photo.relative_path);
  const file = formatPath(photo.relative_path.slice(path ? path.length + 1 : 0));
  if (!path) return element("span", { dir: "auto" }, file);
  const folder = element(
    "button",
    { type: "button", class: "fact-folder", title: "Show the photos of this folder", dir: "auto" },
    formatPath(path),
  );
  folder.addEventListener("click", onFolder);
  return element("span", {}, folder, "/", element("bdi", {}, file));
}

/** @param {string} id */
function makeId(id) {
  const text = element("code", { class: "fact-id" }, id);
  return element("span", { class: "fact-copy" }, text, copyButton(id, text, "Copy the id"));
}
