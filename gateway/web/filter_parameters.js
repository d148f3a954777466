// Filters as the gateway's API takes them: as parameters of an address, and as JSON.

/** @import { Filters } from "./types.js" */

import { nearbyOf, parseBox } from "./filter_values.js";

/**
 * @param {Filters} filters
 * @returns {Record<string, string>}
 */
export function asParameters(filters) {
  return withoutEmpty({
    taken_from: filters.from,
    taken_before: filters.to && dayAfter(filters.to),
    source: filters.source,
    folder: filters.source && filters.folder,
    ...(filters.make || filters.model ? { camera_make: filters.make, camera_model: filters.model } : {}),
    media_type: filters.type,
    bbox: filters.bbox,
    near: filters.near,
    radius: filters.near && filters.radius,
  });
}

/** @param {Filters} filters */
export function asJson(filters) {
  const box = parseBox(filters.bbox);
  const nearby = nearbyOf(filters);
  return {
    ...(filters.from && { taken_from: filters.from }),
    ...(filters.to && { taken_before: dayAfter(filters.to) }),
    ...(filters.source && { folders: [{ source: filters.source, path: filters.folder }] }),
    ...((filters.make || filters.model) && { cameras: [{ make: filters.make, model: filters.model }] }),
    ...(filters.type && { media_types: [filters.type] }),
    ...(box && { bounding_box: box }),
    ...(nearby && { nearby }),
  };
}

/** @param {Record<string, string>} all */
function withoutEmpty(all) {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

/** @param {string} day YYYY-MM-DD */
function dayAfter(day) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + 1);
  return date.toISOString().slice(0, 10);
}
