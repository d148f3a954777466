// The lines below the heading: how many photos there are, and what to know of them.

/** @import { Address } from "./address.js" */
/** @import { Results } from "./results.js" */
/** @import { Status } from "./types.js" */

import { isSearch } from "./address.js";
import { countFilters } from "./filter_values.js";
import { counted, formatCount, nothingFits } from "./format.js";
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
    lines.push(`Few photos are indexed (${formatCount(status.index.image_count)}). Searches work best with hundreds.`);
  }
  return lines.filter(Boolean);
}

/**
 * How many photos there are, with those not fetched yet; null where only their end will tell.
 *
 * @param {Address} address
 * @param {Results} results
 * @param {Status | null} status
 * @returns {number | null}
 */
export function countAll(address, { hits, hasMore }, status) {
  if (!hasMore) return hits.length;
  if (isSearch(address) || countFilters(address.filters) > 0 || !status) return null;
  return Math.max(status.index.image_count, hits.length);
}

/**
 * @param {Address} address
 * @param {Results} results
 * @param {Status | null} status
 */
function countLine(address, results, status) {
  const count = countAll(address, results, status);
  const known = count === null ? "" : counted(count, "photo");
  if (!isSearch(address)) return known;
  const stacked = results.stacked ? `, ${formatCount(results.stacked)} more that look alike` : "";
  const firstPage = results.hits.slice(0, results.firstCount);
  const usual = address.order === "newest" ? "the best matches, newest first" : "best matches first";
  const order = nothingFits(firstPage.map(({ score }) => score)) ? "nothing fits well; these come nearest" : usual;
  return known ? `${known}${stacked}, ${order}` : order[0].toUpperCase() + order.slice(1);
}
