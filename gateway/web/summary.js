// The lines below the heading: how many photos there are, and what to know of them.

/** @import { Address } from "./address.js" */
/** @import { Results } from "./results.js" */
/** @import { Status } from "./types.js" */

import { countFilters, isSearch } from "./address.js";
import { counted, formatCount } from "./format.js";
import { hasFewPhotos } from "./status.js";

/**
 * @param {Address} address
 * @param {Results} results whose first page is shown
 * @param {Status | null} status
 * @returns {string[]}
 */
export function summarize(address, results, status) {
  const lines = [countLine(address, results, status)];
  if (results.truncated) lines.push("The text was longer than the model reads: its end was left out.");
  if (status && hasFewPhotos(status)) {
    lines.push(`Few photos are indexed so far (${formatCount(status.index.image_count)}). Searches work best with hundreds.`);
  }
  return lines.filter(Boolean);
}

/**
 * @param {Address} address
 * @param {Results} results
 * @param {Status | null} status
 */
function countLine(address, { hits, hasMore }, status) {
  const known = hasMore ? "" : counted(hits.length, "photo");
  if (isSearch(address)) return known ? `${known}, best matches first` : "Best matches first";
  if (countFilters(address.filters) === 0 && status) return counted(status.index.image_count, "photo");
  return known;
}
