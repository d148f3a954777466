// Filters as they stand in an address: which values have a meaning, and what they mean.

/** @import { Box, Filters, Nearby } from "./types.js" */

/** @type {Filters} */
export const NO_FILTERS = Object.freeze({
  from: "",
  to: "",
  source: "",
  folder: "",
  make: "",
  model: "",
  type: "",
  bbox: "",
  near: "",
  radius: "",
});

/** In metres, where an address tells none. */
export const USUAL_RADIUS = "1000";

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const EARLIEST = "1000-01-01";
const LATEST = "9999-12-30";
const NUMBER = /^-?\d{1,9}(\.\d{1,18})?$/;
const TYPE = /^[\w.+-]{1,100}\/[\w.+-]{1,100}$/;
const HALF_AROUND = 20_037_509; // metres
// About 10 cm.
const BOX_DIGITS = 6;
const PLACE_DIGITS = 5;

/** @type {Partial<Record<keyof Filters, (text: string) => boolean>>} */
const VALID = {
  from: isDay,
  to: isDay,
  type: (text) => TYPE.test(text),
  bbox: (text) => parseBox(text) !== null,
  near: (text) => parsePlace(text) !== null,
  radius: (text) => NUMBER.test(text) && Number(text) > 0 && Number(text) <= HALF_AROUND,
};

/**
 * @param {URLSearchParams} given
 * @returns {{filters: Filters, dropped: string[]}} `dropped` are the names of those whose value has no meaning
 */
export function parseFilters(given) {
  const filters = { ...NO_FILTERS };
  const dropped = [];
  for (const name of /** @type {(keyof Filters)[]} */ (Object.keys(NO_FILTERS))) {
    const text = given.get(name) ?? "";
    if (text && VALID[name]?.(text) === false) dropped.push(name);
    else filters[name] = text;
  }
  filters.folder = trimSlashes(filters.folder);
  if (filters.folder && !filters.source) dropped.push("folder");
  if (!filters.source) filters.folder = "";
  filters.radius = filters.near && (filters.radius || USUAL_RADIUS);
  return { filters, dropped };
}

/** @param {Filters} filters */
export function countFilters({ from, to, source, make, model, type, bbox, near }) {
  return [from || to, source, make || model, type, bbox, near].filter(Boolean).length;
}

/**
 * @param {string} text west, south, east, north
 * @returns {Box | null} null if it is no box
 */
export function parseBox(text) {
  const numbers = parseNumbers(text, 4);
  if (!numbers) return null;
  const [west, south, east, north] = numbers;
  const isOnEarth = Math.abs(west) <= 180 && Math.abs(east) <= 180 && south >= -90 && north <= 90 && south <= north;
  return isOnEarth ? { south, west, north, east } : null;
}

/** @param {Box} box */
export function formatBox({ south, west, north, east }) {
  return [west, south, east, north].map((degrees) => Number(degrees.toFixed(BOX_DIGITS))).join(",");
}

/**
 * @param {string} text latitude, longitude
 * @returns {{latitude: number, longitude: number} | null} null if it is no place
 */
export function parsePlace(text) {
  const numbers = parseNumbers(text, 2);
  if (!numbers) return null;
  const [latitude, longitude] = numbers;
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null;
}

/** @param {{latitude: number, longitude: number}} place */
export function formatNear({ latitude, longitude }) {
  return [latitude, longitude].map((degrees) => Number(degrees.toFixed(PLACE_DIGITS))).join(",");
}

/**
 * @param {Filters} filters
 * @returns {Nearby | null}
 */
export function nearbyOf({ near, radius }) {
  const place = parsePlace(near);
  return place && { ...place, radius_meters: Number(radius) };
}

/** @param {string} path */
export function trimSlashes(path) {
  return path.trim().replace(/^\/+|\/+$/g, "");
}

/** @param {string} text */
function isDay(text) {
  const time = DAY.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text) && text >= EARLIEST && text <= LATEST;
}

/**
 * @param {string} text
 * @param {number} count
 * @returns {number[] | null}
 */
function parseNumbers(text, count) {
  const parts = text.split(",");
  return parts.length === count && parts.every((part) => NUMBER.test(part)) ? parts.map(Number) : null;
}
