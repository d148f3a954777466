// Which state a failure puts the page in, and when it is over by itself.

/** @import { ApiError } from "./call.js" */
/** @import { Action, State } from "./states.js" */
/** @import { Status } from "./types.js" */

import { countFailed, formatBytes } from "./format.js";
import { embedderWorks, indexWorks } from "./status.js";

export const INDEX_COMMAND = "python -m indexer FOLDER";
export const REBUILD_COMMAND = "python -m indexer FOLDER --rebuild";

/**
 * What a person can do about it.
 *
 * @typedef {object} WaysOut
 * @property {Action} retry
 * @property {Action} choosePicture
 * @property {Action} start back to the start page
 * @property {Action} failedFiles lists the files that could not be indexed
 */

/** @typedef {(error: ApiError, status: Status | null, ways: WaysOut) => State} Describe */

/** @type {Record<string, Describe>} */
const STATES = {
  GATEWAY_UNREACHABLE: (_error, _status, { retry }) => ({
    name: "gateway-unreachable",
    icon: "unreachable",
    title: "The server can't be reached",
    text: "Either the network is down or the gateway is not running.",
    retrying: true,
    actions: [retry],
  }),
  EMBEDDER_UNREACHABLE: (error, _status, { retry }) => ({
    name: "embedder-unreachable",
    icon: "unreachable",
    title: "The embedder can't be reached",
    text: "It reads texts and pictures, so searching by them has to wait. Browsing and “find similar” still work.",
    detail: error.detail && `If it stays away: ${error.detail}`,
    retrying: true,
    actions: [retry],
  }),
  SEARCH_UNREACHABLE: (error, _status, { retry }) => ({
    name: "search-unreachable",
    icon: "unreachable",
    title: "The index can't be reached",
    text: "The search service does not answer. Nothing can be found until it is back.",
    detail: error.detail && `If it stays away: ${error.detail}`,
    retrying: true,
    actions: [retry],
  }),
  STORAGE_UNAVAILABLE: (error, _status, { retry }) => ({
    name: "index-unavailable",
    icon: "warning",
    title: "The index can't be read",
    text: "The search service runs, but its storage does not answer.",
    detail: error.detail,
    retrying: true,
    actions: [retry],
  }),
  MODEL_LOADING: (error, status) => ({
    name: "model-loading",
    icon: "loading",
    title: "The model is loading",
    text: "The search goes on by itself as soon as it is ready.",
    detail: status?.embedder.detail || error.detail,
    progress: status?.embedder.progress ?? 0,
  }),
  MODEL_FAILED: (error, status, { retry }) => ({
    name: "model-failed",
    icon: "warning",
    title: "The model could not be loaded",
    text: "Searching by text or picture needs it; whoever runs the embedder must act. Browsing and “find similar” still work.",
    detail: status?.embedder.detail || error.detail,
    actions: [retry],
  }),
  MODEL_MISMATCH: (error, status, { choosePicture }) => {
    if (status?.model_matches_index) {
      return {
        name: "picture-gone",
        icon: "picture",
        title: "The model has changed since",
        text: "This picture was read by another model. Choose it again.",
        actions: [{ ...choosePicture, primary: true }],
      };
    }
    return {
      name: "model-mismatch",
      icon: "warning",
      title: "The index needs a rebuild",
      text: "The photos were indexed with another model than the one that reads searches now. Rebuild the index, or start the embedder with its model.",
      detail: status ? `Index: ${status.index.model} · embedder: ${status.embedder.model}` : error.detail,
      command: REBUILD_COMMAND,
    };
  },
  INDEX_MISSING: (_error, status, { failedFiles }) => ({
    name: "nothing-indexed",
    icon: "empty",
    title: "No photos yet",
    text: "Nothing has been indexed so far. Run the indexer on a folder of photos; they appear here by themselves.",
    command: INDEX_COMMAND,
    actions: status?.index.failure_count ? [{ ...failedFiles, text: countFailed(status.index.failure_count) }] : [],
  }),
  IMAGE_NOT_FOUND: (_error, _status, { start }) => ({
    name: "photo-gone",
    icon: "broken",
    title: "This photo is not in the index",
    text: "It may have been removed or moved since the link was made.",
    actions: [{ ...start, primary: true }],
  }),
  PICTURE_GONE: (_error, _status, { choosePicture, start }) => ({
    name: "picture-gone",
    icon: "picture",
    title: "This search was made with a picture",
    text: "The picture stays in the browser that it was chosen in; the address does not carry it. Choose it again here.",
    actions: [{ ...choosePicture, primary: true }, start],
  }),
  IMAGE_UNDECODABLE: (error, _status, { choosePicture, start }) => ({
    name: "picture-unreadable",
    icon: "broken",
    title: "This file can't be read as a picture",
    text: "It may be damaged or cut off, or no picture at all.",
    detail: error.detail,
    actions: [{ ...choosePicture, primary: true }, start],
  }),
  IMAGE_TOO_LARGE: (error, status, { choosePicture, start }) => ({
    name: "picture-too-large",
    icon: "warning",
    title: "This picture is too large",
    text: tooLarge(error, status),
    detail: error.problem.unit && error.problem.unit !== "bytes" ? error.detail : "",
    actions: [{ ...choosePicture, primary: true }, start],
  }),
  TEXT_TOO_LONG: (error) => ({
    name: "text-too-long",
    icon: "warning",
    title: "This text is too long",
    text: "A sentence or two is best. Shorten it and search again.",
    detail: error.detail,
  }),
  INVALID_FIELD: (error, _status, { start }) => ({
    name: "not-understood",
    icon: "warning",
    title: "The server can't search like this",
    text: "The address or a filter asks for something that it does not know.",
    detail: error.detail,
    actions: [{ ...start, primary: true }],
  }),
  OVERLOADED: (_error, _status, { retry }) => ({
    name: "overloaded",
    icon: "loading",
    title: "Too many searches at once",
    text: "The service is busy for a moment.",
    retrying: true,
    actions: [retry],
  }),
  TIMEOUT: (error, _status, { retry }) => ({
    name: "timeout",
    icon: "loading",
    title: "That took too long",
    text: "The answer was not ready in time.",
    detail: error.detail,
    actions: [{ ...retry, primary: true }],
  }),
};

/** @type {Describe} */
const otherFailure = (error, _status, { retry, start }) => ({
  name: "failed",
  icon: "warning",
  title: "That did not work",
  text: error.detail,
  detail: error.requestId && `Request ${error.requestId}: the services' logs tell more under this id.`,
  actions: [{ ...retry, primary: true }, start],
});

/** @type {Describe} */
export function failureState(error, status, ways) {
  return (STATES[error.reason] ?? otherFailure)(error, status, ways);
}

/**
 * Whether the cause of a failure is gone, so that trying again makes sense; null if that can't be seen.
 *
 * @param {ApiError} error
 * @param {Status | null} status
 * @param {boolean} reachable whether the gateway answers
 * @returns {boolean | null}
 */
export function causeIsGone(error, status, reachable) {
  switch (error.reason) {
    case "GATEWAY_UNREACHABLE":
      return reachable;
    case "EMBEDDER_UNREACHABLE":
    case "MODEL_LOADING":
    case "MODEL_FAILED":
      return reachable && embedderWorks(status);
    case "SEARCH_UNREACHABLE":
    case "STORAGE_UNAVAILABLE":
      return reachable && indexWorks(status);
    case "INDEX_MISSING":
      return reachable && indexWorks(status) && (status?.index.image_count ?? 0) > 0;
    case "MODEL_MISMATCH":
      return reachable && Boolean(status?.model_matches_index);
    default:
      return null;
  }
}

/**
 * The failure as it has become: a model that was unreachable may be loading by now.
 *
 * @param {ApiError} error
 * @param {Status | null} status
 * @returns {string} a reason
 */
export function presentReason(error, status) {
  const ofEmbedder = ["EMBEDDER_UNREACHABLE", "MODEL_LOADING", "MODEL_FAILED"].includes(error.reason);
  if (!ofEmbedder || !status) return error.reason;
  const reasons = { loading: "MODEL_LOADING", failed: "MODEL_FAILED", unreachable: "EMBEDDER_UNREACHABLE" };
  return reasons[/** @type {keyof typeof reasons} */ (status.embedder.state)] ?? error.reason;
}

/**
 * @param {ApiError} error
 * @param {Status | null} status
 */
function tooLarge(error, status) {
  const { limit, unit } = error.problem;
  if (unit === "pixels") return `It may have ${(Number(limit) / 1e6).toFixed(0)} megapixels at most.`;
  if (unit === "frames") return `It may have ${limit} frames at most.`;
  if (error.problem.reason && !limit) return error.detail;
  const bytes = Number(limit) || status?.upload_limit_bytes || 0;
  return bytes ? `A picture may have ${formatBytes(bytes)} at most. A smaller copy finds the same photos.` : error.detail;
}
