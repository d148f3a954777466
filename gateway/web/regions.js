// Regions where photos were taken, made of the tiles of a map: few at a time, and finer ones inside of the one that was chosen.

/** @import { Box, Tile } from "./types.js" */

const MOST_REGIONS = 8;
const FIRST_ZOOM = 6;
// How many times a tile is halved to look for regions inside of it.
const FINER = 5;
const FINEST = 20;

/** @typedef {{box: Box, count: number}} Region */

/**
 * How fine the tiles should be.
 *
 * @param {Box | null} chosen the region to look into
 */
export function zoomFor(chosen) {
  if (!chosen) return FIRST_ZOOM;
  const width = chosen.east - chosen.west + (chosen.west > chosen.east ? 360 : 0);
  const zoom = Math.ceil(Math.log2(360 / Math.max(width, chosen.north - chosen.south, 1e-9)) - 0.01);
  return Math.min(FINEST, Math.max(0, zoom) + FINER);
}

/**
 * The regions that have photos, those with the most first. A region is no larger than its tiles.
 *
 * @param {Tile[]} tiles of one zoom
 * @param {Box | null} chosen only inside of it
 * @returns {Region[]}
 */
export function regionsOf(tiles, chosen) {
  const inside = chosen ? tiles.filter(({ bounding_box: box }) => holds(chosen, box)) : tiles;
  for (let halved = 0; ; halved += 1) {
    const groups = group(inside, halved);
    if (groups.length <= MOST_REGIONS) return groups.map(join).sort((a, b) => b.count - a.count);
  }
}

/**
 * @param {Tile[]} tiles
 * @param {number} halved how many times coarser than the tiles
 * @returns {Tile[][]}
 */
function group(tiles, halved) {
  const groups = new Map();
  for (const tile of tiles) {
    const key = `${tile.x >> halved},${tile.y >> halved}`;
    groups.set(key, [...(groups.get(key) ?? []), tile]);
  }
  return [...groups.values()];
}

/**
 * @param {Tile[]} tiles
 * @returns {Region}
 */
function join(tiles) {
  const boxes = tiles.map(({ bounding_box: box }) => box);
  return {
    box: {
      south: Math.min(...boxes.map(({ south }) => south)),
      west: Math.min(...boxes.map(({ west }) => west)),
      north: Math.max(...boxes.map(({ north }) => north)),
      east: Math.max(...boxes.map(({ east }) => east)),
    },
    count: tiles.reduce((sum, { image_count: count }) => sum + count, 0),
  };
}

/**
 * @param {Box} outer
 * @param {Box} inner whose middle decides: edges may be rounded
 */
function holds(outer, inner) {
  const latitude = (inner.south + inner.north) / 2;
  const longitude = (inner.west + inner.east) / 2;
  const isBetween =
    outer.west <= outer.east ? outer.west <= longitude && longitude <= outer.east : longitude >= outer.west || longitude <= outer.east;
  return isBetween && outer.south <= latitude && latitude <= outer.north;
}
