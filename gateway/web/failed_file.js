// One file that could not be indexed, as a line of their list.

/** @import { FailedFile } from "./types.js" */

import { element } from "./element.js";
import { folderOf, formatBytes, formatMoment, formatPath } from "./format.js";

// The contract's reasons, and those of docs/indexer.md.
/** @type {Record<string, string>} */
const REASONS = {
  IMAGE_UNDECODABLE: "It can't be read as a picture.",
  IMAGE_TOO_LARGE: "It is too large.",
  UNREADABLE: "It can't be opened.",
  FOLDER_UNREADABLE: "The folder can't be opened.",
  CHANGED_WHILE_READ: "It was being written to.",
  OUT_OF_MEMORY: "There was not enough memory to read it.",
  EMBEDDER_REFUSED: "The embedder refused it.",
};

/** @param {FailedFile} failure */
export function drawFailedFile(failure) {
  const isFolder = failure.relative_path.endsWith("/");
  const folder = folderOf(isFolder ? failure.relative_path.slice(0, -1) : failure.relative_path);
  const where = [failure.source, formatPath(folder)].filter(Boolean).join(" / ");
  const about = [formatMoment(failure.failed_at), isFolder ? "" : formatBytes(failure.size_bytes)].filter(Boolean).join(" · ");
  return element(
    "li",
    { class: "failed-file", tabindex: "-1" },
    element("p", { class: "failed-name", dir: "auto" }, failure.name + (isFolder ? "/" : "")),
    element("p", { class: "failed-about", dir: "auto" }, where),
    element("p", {}, `${REASONS[failure.reason] ?? "It could not be indexed."} `, element("span", { class: "failed-said", dir: "auto" }, failure.message)),
    element("p", { class: "failed-about" }, about),
  );
}
