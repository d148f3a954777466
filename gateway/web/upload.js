// Takes a picture to search by: chosen, dropped anywhere on the page, or pasted.

import { byId } from "./element.js";

const PREVIEW_EDGE = 240;

/** @param {(file: File) => void} take */
export function acceptPictures(take) {
  const input = /** @type {HTMLInputElement} */ (byId("picture-file"));
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    input.value = ""; // choosing the same file again is a change, too
    if (file) take(file);
  });
  byId("choose-picture").addEventListener("click", choosePicture);
  acceptDrops(take);
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    take(file);
  });
}

/** Opens the browser's dialog to choose a file. */
export function choosePicture() {
  byId("picture-file").click();
}

/**
 * A small data: URL of the picture; empty if the browser can't show its format.
 *
 * @param {Blob} file
 * @returns {Promise<string>}
 */
export async function makePreview(file) {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, PREVIEW_EDGE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext("2d");
    if (!context) return "";
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return canvas.toDataURL("image/webp", 0.85);
  } catch {
    return "";
  }
}

/**
 * Whether the file's bytes can be had: a folder's can't, nor those of a file that is gone.
 *
 * @param {Blob} file
 */
export async function canBeRead(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** @param {(file: File) => void} take */
function acceptDrops(take) {
  const target = byId("drop-target");
  let depth = 0;
  const show = (/** @type {number} */ entered) => {
    depth = entered;
    target.hidden = depth === 0;
  };
  window.addEventListener("dragenter", (event) => {
    if (holdsFiles(event)) show(depth + 1);
  });
  window.addEventListener("dragleave", (event) => {
    if (holdsFiles(event)) show(Math.max(0, depth - 1));
  });
  window.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
  });
  window.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    show(0);
    const files = [...(event.dataTransfer?.files ?? [])];
    const file = files.find(({ type }) => type.startsWith("image/")) ?? files[0];
    if (file) take(file);
  });
}

/** @param {DragEvent} event */
function holdsFiles(event) {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
