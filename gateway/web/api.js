// Calls the gateway. What goes wrong becomes an ApiError; an aborted call stays an AbortError.

/** @import { Choice, Embedding, Facets, Filters, Page, Photo, Status } from "./types.js" */

import { asJson, asParameters } from "./filter_parameters.js";

const PAGE_SIZE = 60;
// Of each facet, the most that the gateway gives.
const MOST_VALUES = 1000;

// A little less than the gateway reads: it could not say why it refuses more.
const LONGEST_ADDRESS = 65_000;

/** Why a call failed: `reason` is one of the contract's reasons, or GATEWAY_UNREACHABLE. */
export class ApiError extends Error {
  /**
   * @param {string} reason
   * @param {string} detail a sentence for a person
   * @param {{status?: number, requestId?: string, retryAfter?: number, problem?: Record<string, unknown>}} [more]
   */
  constructor(reason, detail, more = {}) {
    super(detail);
    this.reason = reason;
    this.detail = detail;
    this.status = more.status ?? 0;
    this.requestId = more.requestId ?? "";
    /** Seconds, or 0 if the gateway did not say. */
    this.retryAfter = more.retryAfter ?? 0;
    this.problem = more.problem ?? {};
  }
}

/**
 * @param {string} text
 * @param {Choice} choice
 * @param {string} token
 * @param {AbortSignal} signal
 */
export async function searchByText(text, choice, token, signal) {
  const address = `/api/v1/search?${parameters({ q: text }, choice, token)}`;
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
  return readPage(await call(`/api/v1/search?${parameters({ like: id }, choice, token)}`, { signal }));
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
  for (const [name, value] of parameters({}, choice, "")) body.append(name, value);
  body.append("image", picture);
  return readPage(await call("/api/v1/search", { method: "POST", body, signal }));
}

/**
 * @param {Embedding} embedding
 * @param {Choice} choice
 * @param {string} token
 * @param {AbortSignal} signal
 */
export async function searchByEmbedding(embedding, { filters, order }, token, signal) {
  const body = JSON.stringify({
    terms: [{ embedding }],
    filter: asJson(filters),
    ...(order && { order }),
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
 * @param {AbortSignal} [signal]
 * @returns {Promise<Status>}
 */
export function getStatus(signal) {
  return call("/api/v1/status", { signal });
}

/**
 * Why a picture's address gives no picture, in a sentence.
 *
 * @param {string} url
 * @returns {Promise<string>}
 */
export async function whyNoPicture(url) {
  try {
    const answer = await fetch(url, { headers: { Accept: "image/*, application/problem+json" } });
    if (!answer.ok) return (await readProblem(answer)).detail;
    return "This picture can't be shown here. Its original can still be opened.";
  } catch {
    return "The server can't be reached.";
  }
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
 * @param {string} url
 * @param {RequestInit} options
 * @returns {Promise<any>}
 */
async function call(url, options) {
  const headers = { Accept: "application/json", ...options.headers };
  try {
    const answer = await fetch(url, { ...options, headers });
    if (!answer.ok) throw await readProblem(answer);
    return await answer.json();
  } catch (error) {
    if (error instanceof ApiError || (error instanceof DOMException && error.name === "AbortError")) throw error;
    throw new ApiError("GATEWAY_UNREACHABLE", "The server can't be reached.");
  }
}

/**
 * @param {Response} answer
 * @returns {Promise<ApiError>}
 */
async function readProblem(answer) {
  /** @type {Record<string, unknown>} */
  let problem = {};
  try {
    problem = await answer.json();
  } catch {
    // A proxy's error page: its status must do.
  }
  const reason = String(problem.reason || (answer.status === 413 ? "IMAGE_TOO_LARGE" : `HTTP_${answer.status}`));
  return new ApiError(reason, String(problem.detail || problem.title || `The server answered ${answer.status}.`), {
    status: answer.status,
    requestId: String(problem.request_id || answer.headers.get("X-Request-Id") || ""),
    retryAfter: Number(answer.headers.get("Retry-After")) || 0,
    problem,
  });
}

/**
 * @param {any} answer of a search or a list
 * @returns {Page}
 */
function readPage(answer) {
  const hits = answer.results
    ? answer.results.map((/** @type {any} */ { image, score }) => ({ photo: image, score }))
    : answer.images.map((/** @type {Photo} */ photo) => ({ photo, score: null }));
  return {
    hits,
    next: answer.next_page_token ?? "",
    truncated: answer.query?.truncated ?? false,
    embedding: answer.query?.embedding ?? null,
  };
}
