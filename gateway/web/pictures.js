// The pictures that were searched by, as long as the page is open; what outlives it lies in the history's entries.

/** @import { Entry, UploadedPicture } from "./address.js" */
/** @import { Choice, Page } from "./types.js" */

import { searchByEmbedding, searchByPicture } from "./api.js";
import { ApiError } from "./call.js";
import { canBeRead } from "./upload.js";

/** @typedef {{info: UploadedPicture, file: File | null}} Held */

export class Pictures {
  /** @type {Map<string, Held>} by the key of their entry */
  #held = new Map();

  /**
   * @param {string} key
   * @param {File} file
   * @returns {UploadedPicture}
   */
  add(key, file) {
    const info = { name: file.name, size: file.size, preview: "", embedding: null };
    this.#held.set(key, { info, file });
    return info;
  }

  /**
   * What an entry searches by: from memory, else from the entry itself (after a reload).
   *
   * @param {Entry} entry
   * @returns {UploadedPicture | null}
   */
  of(entry) {
    return this.#held.get(entry.key)?.info ?? entry.picture;
  }

  /**
   * Lets another entry search by the same picture.
   *
   * @param {Entry} from
   * @param {string} key
   */
  share(from, key) {
    const held = this.#held.get(from.key) ?? (from.picture && { info: from.picture, file: null });
    if (held) this.#held.set(key, held);
  }

  /**
   * @param {Entry} entry
   * @param {Choice} choice
   * @param {string} token
   * @param {number} limit in bytes, 0 if it is not known
   * @param {AbortSignal} signal
   * @returns {Promise<Page>}
   */
  async search(entry, choice, token, limit, signal) {
    const info = this.of(entry);
    if (info?.embedding) return searchByEmbedding(info.embedding, choice, token, signal);
    const held = this.#held.get(entry.key);
    if (!held?.file) throw new ApiError("PICTURE_GONE", "The picture is not part of the address.");
    if (limit && held.file.size > limit) {
      throw new ApiError("IMAGE_TOO_LARGE", "The picture is too large.", { problem: { limit, actual: held.file.size, unit: "bytes" } });
    }
    if (!(await canBeRead(held.file))) {
      throw new ApiError("IMAGE_UNDECODABLE", `“${held.file.name}” can't be read: it may be a folder, or no longer there.`);
    }
    const page = await searchByPicture(held.file, choice, signal);
    if (page.embedding) {
      held.info.embedding = page.embedding;
      held.file = null; // its vector is enough from here on
    }
    return page;
  }
}
