// What the page shows, as its address: shared, reloaded, gone back to.

/** @import { Embedding, Filters, Order, Similar } from "./types.js" */

import { NO_FILTERS, parseFilters } from "./filter_values.js";

/**
 * @typedef {object} Address
 * @property {string} text search by this text
 * @property {string} like search by this photo's id
 * @property {boolean} picture search by the picture that the entry's state holds
 * @property {Filters} filters
 * @property {Order} order newest is for searches, sample for lists
 * @property {Similar} similar of a search
 * @property {string} photo the photo in the large view
 * @property {boolean} failures the list of the files that could not be indexed
 */

/**
 * What an entry of the browser's history holds besides its address. It outlives a reload, not a copied address.
 *
 * @typedef {object} Entry
 * @property {string} key names the results; entries that show the same results share it
 * @property {UploadedPicture | null} picture
 * @property {boolean} stacked the large view, or the list of failures, was opened on the entry before, so that going back closes it
 */

/**
 * @typedef {object} UploadedPicture
 * @property {string} name
 * @property {number} size in bytes
 * @property {string} preview a small data: URL; empty if the browser can't show the format
 * @property {Embedding | null} embedding once it is known
 */

/** @type {Address} */
export const START = Object.freeze({ text: "", like: "", picture: false, filters: NO_FILTERS, order: "", similar: "", photo: "", failures: false });

/**
 * @param {string} search the part of a URL from its question mark
 * @returns {Address}
 */
export function parseAddress(search) {
  const given = new URLSearchParams(search);
  const text = (given.get("q") ?? "").trim();
  const like = text ? "" : given.get("like") ?? "";
  const picture = !text && !like && given.has("picture");
  const special = text || like || picture ? "newest" : "sample";
  return {
    text,
    like,
    picture,
    filters: parseFilters(given).filters,
    order: given.get("order") === special ? special : "",
    similar: given.get("similar") === "shown" ? "shown" : "",
    photo: given.get("photo") ?? "",
    failures: given.has("failures"),
  };
}

/**
 * @param {Address} address
 * @returns {string} a path with a query
 */
export function formatAddress(address) {
  const given = new URLSearchParams();
  if (address.text) given.set("q", address.text);
  else if (address.like) given.set("like", address.like);
  else if (address.picture) given.set("picture", "");
  if (address.order) given.set("order", address.order);
  for (const [name, value] of Object.entries(address.filters)) if (value) given.set(name, value);
  if (address.similar) given.set("similar", address.similar);
  if (address.photo) given.set("photo", address.photo);
  if (address.failures) given.set("failures", "");
  const query = given.toString().replace(/^picture=(?=&|$)/, "picture").replace(/(^|&)failures=$/, "$1failures").replaceAll("%2C", ",");
  return query ? `/?${query}` : "/";
}

/** @param {Address} address */
export function isSearch(address) {
  return Boolean(address.text || address.like || address.picture);
}

/** @returns {string[]} the names of the filters in the browser's address whose values have no meaning */
export function misunderstood() {
  return parseFilters(new URLSearchParams(location.search)).dropped;
}

/** @returns {Address} */
export function currentAddress() {
  return parseAddress(location.search);
}

/** @returns {Entry} */
export function currentEntry() {
  return { key: "", picture: null, stacked: false, ...history.state };
}

/**
 * Adds an entry to the browser's history.
 *
 * @param {Address} address
 * @param {Partial<Entry>} entry
 */
export function pushAddress(address, entry) {
  history.pushState({ key: newKey(), picture: null, stacked: false, ...entry }, "", formatAddress(address));
}

/**
 * Changes the present entry.
 *
 * @param {Address} address
 * @param {Partial<Entry>} [entry]
 */
export function replaceAddress(address, entry = {}) {
  history.replaceState({ ...currentEntry(), ...entry }, "", formatAddress(address));
}

export function newKey() {
  return Math.random().toString(36).slice(2);
}
