// What the photos below are: the heading, the picture that was searched by, and how many there are.

/** @import { UploadedPicture } from "./address.js" */
/** @import { Photo } from "./types.js" */

import { button, byId, element, icon } from "./element.js";
import { formatBytes } from "./format.js";

const place = byId("query-head");
const lines = element("div", { class: "query-lines" });
let drawnLines = "";

/**
 * @param {string} title
 * @param {string} [quoted] a person's text
 */
export function showTitle(title, quoted) {
  place.replaceChildren(element("div", { class: "query-words" }, makeTitle(title, quoted), lines));
}

/**
 * @param {UploadedPicture} picture
 * @param {() => void} clear
 */
export function showUploaded(picture, clear) {
  const about = [picture.name, picture.size ? formatBytes(picture.size) : ""].filter(Boolean).join(", ");
  showPicture("Photos like your picture", about, makePicture(picture.preview), clear);
}

/**
 * @param {Photo | null} photo null while it is not known yet
 * @param {{open: () => void, clear: () => void}} handlers
 */
export function showLiked(photo, { open, clear }) {
  const picture = makePicture(photo?.thumbnail_url ?? "");
  if (!photo) return showPicture("Similar photos", "", picture, clear);
  const link = element("button", { type: "button", class: "query-picture-link", "aria-label": `Show ${photo.name} large`, title: "Show large" }, picture);
  link.addEventListener("click", open);
  showPicture("Similar photos", photo.name, link, clear);
}

/**
 * @param {string[]} texts one line each
 * @param {{text: string, icon: string, run: () => void}[]} offers a button each, below them
 */
export function showLines(texts, offers) {
  const drawing = [...texts, "", ...offers.map(({ text }) => text)].join("\n");
  if (drawing === drawnLines) return;
  drawnLines = drawing;
  lines.replaceChildren(...texts.map((text) => element("p", {}, text)));
  lines.append(...offers.map((offer) => button(offer.text, offer.run, { icon: offer.icon, kind: "quiet" })));
}

/**
 * @param {string} title
 * @param {string} about
 * @param {Element} picture
 * @param {() => void} onClear
 */
function showPicture(title, about, picture, onClear) {
  const clear = button("Clear", onClear, { icon: "close", title: "Search without this picture" });
  clear.id = "clear-picture";
  clear.classList.add("button-small");
  const name = element("p", { class: "query-about", dir: "auto", title: about }, about);
  const first = element("div", { class: "query-first" }, makeTitle(title), clear);
  place.replaceChildren(picture, element("div", { class: "query-words" }, first, name, lines));
}

/** @param {string} src empty if there is nothing to show */
function makePicture(src) {
  return src ? element("img", { src, alt: "", class: "query-picture" }) : element("span", { class: "query-picture query-picture-none" }, icon("picture"));
}

/**
 * @param {string} title
 * @param {string} [quoted]
 */
function makeTitle(title, quoted) {
  const heading = element("h1", { class: "query-title" }, title);
  if (quoted) heading.append(" “", element("bdi", {}, quoted), "”");
  return heading;
}
