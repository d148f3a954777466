// Why there is not one photo to show.

/** @import { Address } from "./address.js" */
/** @import { Action, State } from "./states.js" */
/** @import { Status } from "./types.js" */

import { isSearch } from "./address.js";
import { ApiError } from "./call.js";
import { countFilters } from "./filter_values.js";

/**
 * @param {Address} address
 * @param {Status | null} status
 * @param {{clear: Action, start: Action}} ways to clear the filters, and back to the start page
 * @returns {ApiError | State}
 */
export function whyNoPhotos(address, status, { clear, start }) {
  const filtered = countFilters(address.filters) > 0;
  if (status?.index.image_count === 0 || (!filtered && !isSearch(address))) {
    return new ApiError("INDEX_MISSING", "The index is empty.");
  }
  return {
    name: "no-match",
    icon: "nothing",
    title: "No photos match",
    text: filtered ? "No photo meets all of the filters. Remove one of them." : "The index holds no other photo to compare with.",
    actions: [{ ...(filtered ? clear : start), primary: true }],
  };
}
