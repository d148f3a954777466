// Puts places into words: points, circles and boxes on the Earth.

/** @import { Box } from "./types.js" */

import { formatCount } from "./format.js";

// Degrees that the longer side of a box has at least to be told with so many digits.
const DIGITS = [2, 0.2, 0.02, 0.002];

/**
 * @param {{latitude: number, longitude: number}} place
 * @param {number} [digits] of a degree
 */
export function formatPlace(place, digits = 5) {
  const latitude = `${Math.abs(place.latitude).toFixed(digits)}° ${place.latitude < 0 ? "S" : "N"}`;
  const longitude = `${Math.abs(place.longitude).toFixed(digits)}° ${place.longitude < 0 ? "W" : "E"}`;
  return `${latitude}, ${longitude}`;
}

/** @param {Box} box */
export function formatRegion({ south, west, north, east }) {
  const extent = Math.max(north - south, east - west + (west > east ? 360 : 0));
  const narrower = DIGITS.findIndex((least) => extent >= least);
  const digits = narrower < 0 ? DIGITS.length : narrower;
  return `${formatEdges(south, north, "S", "N", digits)}, ${formatEdges(west, east, "W", "E", digits)}`;
}

/** @param {number} meters */
export function formatRadius(meters) {
  return meters < 1000 ? `${formatCount(meters)} m` : `${formatCount(meters / 1000)} km`;
}

/**
 * @param {number} low
 * @param {number} high
 * @param {string} negative
 * @param {string} positive
 * @param {number} digits
 */
function formatEdges(low, high, negative, positive, digits) {
  const write = (/** @type {number} */ degrees) => `${Number(Math.abs(degrees).toFixed(digits))}°`;
  const side = (/** @type {number} */ degrees) => (degrees < 0 ? negative : positive);
  if (low < 0 && high <= 0) return `${write(high)}–${write(low)} ${negative}`;
  if (low >= 0 && high >= 0) return `${write(low)}–${write(high)} ${positive}`;
  return `${write(low)} ${side(low)} – ${write(high)} ${side(high)}`;
}
