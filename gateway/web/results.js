// The photos of one search or list, fetched page by page. Never two pages at once, never a photo twice.

/** @import { Hit, Page } from "./types.js" */

export class Results {
  #fetchPage;
  #seen = new Set();
  #next = "";
  #started = false;
  #aborting = new AbortController();
  /** @type {Promise<Hit[]> | null} */
  #underway = null;

  /** @param {(token: string, signal: AbortSignal) => Promise<Page>} fetchPage */
  constructor(fetchPage) {
    this.#fetchPage = fetchPage;
    /** @type {Hit[]} */
    this.hits = [];
    /** How many of them came with the first page. */
    this.firstCount = 0;
    this.truncated = false;
  }

  /** How many photos others stand for, of those that are not shown. */
  get stacked() {
    return this.hits.reduce((sum, { similar, behind }) => sum + similar.count - (behind ? 1 : 0), 0);
  }

  /** Whether there are further pages. */
  get hasMore() {
    return !this.#started || this.#next !== "";
  }

  /** The best score so far; 0 where nothing is searched for. */
  get best() {
    return this.hits.reduce((best, { score }) => Math.max(best, score ?? 0), 0);
  }

  get aborted() {
    return this.#aborting.signal.aborted;
  }

  /**
   * Fetches the next page. Rejects with an ApiError, after which it can be asked again, or with an AbortError.
   *
   * @returns {Promise<Hit[]>} what is new
   */
  more() {
    if (!this.#underway) {
      const fetching = this.#fetchNext().finally(() => {
        if (this.#underway === fetching) this.#underway = null;
      });
      this.#underway = fetching;
    }
    return this.#underway;
  }

  /** Gives up: what is under way is cancelled, and what was fetched stays. */
  abort() {
    this.#aborting.abort();
    this.#underway = null;
  }

  /** Makes it go on after an abort. */
  resume() {
    if (this.aborted) this.#aborting = new AbortController();
  }

  /** The same search, not yet begun. */
  afresh() {
    return new Results(this.#fetchPage);
  }

  /**
   * Puts the photos that a hit stands for behind it.
   *
   * @param {Hit} hit
   * @param {Hit[]} behind
   */
  unfold(hit, behind) {
    hit.unfolded = true;
    this.hits.splice(this.hits.indexOf(hit) + 1, 0, ...behind);
  }

  /** @param {Hit} hit whose photos behind it are taken away again */
  fold(hit) {
    hit.unfolded = false;
    this.hits = this.hits.filter(({ behind }) => behind !== hit.photo.id);
  }

  async #fetchNext() {
    const signal = this.#aborting.signal;
    const page = await this.#fetchPage(this.#next, signal);
    signal.throwIfAborted();
    this.#started = true;
    this.#next = page.next;
    this.truncated ||= page.truncated;
    const fresh = page.hits.filter(({ photo }) => !this.#seen.has(photo.id));
    for (const { photo } of fresh) this.#seen.add(photo.id);
    this.hits.push(...fresh);
    this.firstCount ||= fresh.length;
    return fresh;
  }
}
