// The fields of which one chooses a value that the index knows: source, folder, camera, kind of file.

/** @import { Facets, Filters, Status } from "./types.js" */

import { byId, element } from "./element.js";
import { counted, formatCamera, formatMediaType, formatPath } from "./format.js";

const MOST_FOLDERS = 200;

/** @typedef {{value: string, name: string, count: number | null}} Option */

/**
 * The value of an option for a camera.
 *
 * @param {{make: string, model: string}} camera
 */
export function cameraValue({ make, model }) {
  return make || model ? JSON.stringify([make, model]) : "";
}

/**
 * @param {string} value of an option
 * @returns {{make: string, model: string}}
 */
export function parseCamera(value) {
  const [make, model] = value ? JSON.parse(value) : ["", ""];
  return { make, model };
}

/**
 * @param {Filters} filters that are in force
 * @param {Status["index"]["sources"]} sources of the index
 */
export function drawSources({ source }, sources) {
  const options = sources.map((one) => ({ value: one.source, name: one.source, count: one.image_count }));
  drawSelect("source", "All sources", options, { value: source, name: source, count: null });
}

/**
 * @param {Filters} filters that are in force
 * @param {Facets | null} facets null while they are not known
 * @param {boolean} settled false while they may still come: then their places are kept free
 */
export function drawChoices({ make, model, type }, facets, settled) {
  const cameras = facets?.cameras
    .filter(cameraValue)
    .map((one) => ({ value: cameraValue(one), name: formatCamera(one), count: one.image_count }));
  const types = facets?.media_types.map((one) => ({ value: one.media_type, name: formatMediaType(one.media_type), count: one.image_count }));
  const camera = { make, model };
  drawSelect("camera", "All cameras", cameras ?? [], { value: cameraValue(camera), name: formatCamera(camera), count: null }, !settled);
  drawSelect("type", "All kinds", types ?? [], { value: type, name: formatMediaType(type), count: null }, !settled);
}

/**
 * Suggests folders of the chosen source, or of all.
 *
 * @param {Filters} filters that are in force
 * @param {Facets} facets
 */
export function suggestFolders({ source }, facets) {
  const folders = facets.folders.filter((folder) => folder.path && (!source || folder.source === source)).slice(0, MOST_FOLDERS);
  const options = folders.map(({ path, image_count: count }) => element("option", { value: formatPath(path), label: `${formatPath(path)} (${counted(count, "photo")})` }));
  byId("folders").replaceChildren(...options);
}

/**
 * @param {string} name
 * @param {string} all what choosing none is called
 * @param {Option[]} options
 * @param {Option} chosen one of them or another; its value is empty if none is
 * @param {boolean} [keepPlace] shows it without a choice as well
 */
function drawSelect(name, all, options, chosen, keepPlace = false) {
  const place = byId(`${name}-field`);
  const select = /** @type {HTMLSelectElement} */ (place.querySelector("select"));
  const known = options.some(({ value }) => value === chosen.value) || !chosen.value ? options : [...options, chosen];
  const drawing = JSON.stringify([all, known]);
  if (select.dataset.drawn !== drawing) {
    select.dataset.drawn = drawing;
    select.replaceChildren(
      element("option", { value: "" }, all),
      ...known.map(({ value, name: text, count }) => element("option", { value }, count === null ? text : `${text} (${counted(count, "photo")})`)),
    );
  }
  select.value = chosen.value;
  // Once there was something to choose, the field stays: what the other filters leave may be a single value.
  if (known.length > 1) place.dataset.needed = "";
  place.hidden = known.length < 2 && !chosen.value && !keepPlace && place.dataset.needed === undefined;
}
