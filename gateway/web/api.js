// What the page asks the gateway. Every question may reject with an ApiError, or with an AbortError.

/** @import { Choice, Embedding, Facets, FailedFile, Filters, Hit, Page, Photo, Status } from "./types.js" */

import { ApiError, call } from "./call.js";
import { asJson, asParameters } from "./filter_parameters.js";

const PAGE_SIZE = 60;
const FAILURES_PAGE_SIZE = 50;
// Of each facet, the most that the gateway gives.
const MOST_VALUES = 1000;

// A little less than the gateway reads: it could not say why it refuses more.
const LONGEST_ADDRESS = 65_000;

/**
 * @param {string} text
 * @param {Choice} choice
 * @param {string} token
 * @param {AbortSignal} signal
 */
export async function searchByText(text, choice, token, signal) {
  const address = `/api/v1/search?${searchParameters({ q: text }, choice, token)}`;
  if (address.length > LONGEST_ADDRESS) throw new ApiError("TEXT_TOO_LONG", "The text is too long to be sent.");
  return readPage(await call(address, { signal }));
}

/**
 * @param {string} id
 * @param {Choice} choice
 * @param {string} token
 * @param {AbortSignal} signal
 */
export async function searchLike(id, choice, token, signal) {
  return readPage(await call(`/api/v1/search?${searchParameters({ like: id }, choice, token)}`, { signal }));
}

/**
 * The first page of a search by a picture; its `embedding` asks for the further ones.
 *
 * @param {Blob} picture
 * @param {Choice} choice
 * @param {AbortSignal} signal
 */
export async function searchByPicture(picture, choice, signal) {
  const body = new FormData();
  for (const [name, value] of searchParameters({}, choice, "")) body.append(name, value);
  body.append("image", picture);
  return readPage(await call("/api/v1/search", { method: "POST", body, signal }));
}

/**
 * @param {Embedding} embedding
 * @param {Choice} choice
 * @param {string} token
 * @param {AbortSignal} signal
 */
export async function searchByEmbedding(embedding, { filters, order, similar }, token, signal) {
  const body = JSON.stringify({
    terms: [{ embedding }],
    filter: asJson(filters),
    ...(order && { order }),
    hide_similar: similar !== "shown",
    page_size: PAGE_SIZE,
    page_token: token,
  });
  return readPage(await call("/api/v1/search", { method: "POST", body, signal, headers: { "Content-Type": "application/json" } }));
}

/**
 * @param {Choice} choice
 * @param {string} token
 * @param {AbortSignal} signal
 */
export async function listPhotos(choice, token, signal) {
  return readPage(await call(`/api/v1/images?${parameters({}, choice, token)}`, { signal }));
}

/**
 * @param {Filters} filters
 * @param {number} zoom of the tiles of places
 * @param {AbortSignal} signal
 * @returns {Promise<Facets>}
 */
export function getFacets(filters, zoom, signal) {
  const all = new URLSearchParams({ ...asParameters(filters), tile_zoom: String(zoom), max_values: String(MOST_VALUES) });
  return call(`/api/v1/facets?${all}`, { signal });
}

/**
 * @param {string} id
 * @param {AbortSignal} [signal]
 * @returns {Promise<Photo>}
 */
export function getPhoto(id, signal) {
  return call(`/api/v1/images/${encodeURIComponent(id)}`, { signal });
}

/**
 * Files that could not be indexed.
 *
 * @param {string} source empty for all
 * @param {string} token
 * @param {AbortSignal} signal
 * @returns {Promise<{failures: FailedFile[], next_page_token: string}>}
 */
export function listFailures(source, token, signal) {
  const all = new URLSearchParams({ ...(source && { source }), page_size: String(FAILURES_PAGE_SIZE), page_token: token });
  return call(`/api/v1/failures?${all}`, { signal });
}

/**
 * @param {AbortSignal} [signal]
 * @returns {Promise<Status>}
 */
export function getStatus(signal) {
  return call("/api/v1/status", { signal });
}

/**
 * @param {Record<string, string>} query
 * @param {Choice} choice
 * @param {string} token
 */
function searchParameters(query, choice, token) {
  const all = parameters(query, choice, token);
  if (choice.similar !== "shown") all.set("hide_similar", "true");
  return all;
}

/**
 * @param {Record<string, string>} query
 * @param {Choice} choice
 * @param {string} token
 */
function parameters(query, { filters, order }, token) {
  const all = new URLSearchParams({ ...query, page_size: String(PAGE_SIZE), ...asParameters(filters) });
  if (order) all.set("order", order);
  if (token) all.set("page_token", token);
  return all;
}

/**
 * A photo that was not searched for.
 *
 * @param {Photo} photo
 * @returns {Hit}
 */
export function aloneHit(photo) {
  return { photo, score: null, similar: { count: 0, ids: [] } };
}

/**
 * @param {any} answer of a search or a list
 * @returns {Page}
 */
function readPage(answer) {
  const hits = answer.results
    ? answer.results.map((/** @type {any} */ { image, score, similar_count: count, similar_ids: ids }) => ({ photo: image, score, similar: { count, ids } }))
    : answer.images.map((/** @type {Photo} */ photo) => aloneHit(photo));
  return {
    hits,
    next: answer.next_page_token ?? "",
    truncated: answer.query?.truncated ?? false,
    embedding: answer.query?.embedding ?? null,
  };
}
