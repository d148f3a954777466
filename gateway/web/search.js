// The search that is shown: its pages as they come, its failures, and how it goes on by itself after them.

/** @import { Grid } from "./grid.js" */
/** @import { StatusWatch } from "./status.js" */
/** @import { WaysOut } from "./failures.js" */
/** @import { State } from "./states.js" */

import { ApiError } from "./call.js";
import { causeIsGone, failureState, presentReason } from "./failures.js";
import { Results } from "./results.js";
import { hideState, showState } from "./states.js";

const SKELETONS_AFTER = 150;
const BUSY_PAUSE = 2;

export class Search {
  #grid;
  #watch;
  #handlers;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ApiError | null} */
  #failure = null;
  results = new Results(() => Promise.reject(new Error("nothing is searched for yet")));
  /** Whether the first page is there. */
  shown = false;
  /** The name of the state that is shown instead of photos. */
  stateName = "";

  /**
   * @param {Grid} grid
   * @param {StatusWatch} watch
   * @param {object} handlers
   * @param {WaysOut} handlers.ways
   * @param {() => ApiError | State} handlers.none why there is not one photo
   * @param {(first: boolean) => void} handlers.came told of each page
   * @param {() => string} handlers.theEnd what is said below the last photo
   * @param {() => void} handlers.stateChanged
   */
  constructor(grid, watch, handlers) {
    this.#grid = grid;
    this.#watch = watch;
    this.#handlers = handlers;
    watch.onChange(() => this.#statusChanged());
  }

  /** Stops what is under way. What was found stays in `results`. */
  stop() {
    clearTimeout(this.#timer);
    this.results.abort();
    this.shown = false;
    this.#failure = null;
    this.#watch.hurry(false);
  }

  /** @param {Results} results new or shown before */
  async start(results) {
    this.stop();
    this.results = results;
    results.resume();
    if (results.hits.length > 0) this.#showFirst();
    else await this.#fetchFirst();
  }

  /** Searches again after a failure. */
  async retry() {
    if (!this.#failure) return;
    this.stop();
    this.results.resume();
    await this.#fetchFirst();
  }

  /** Fetches the next page, if there is one and none is under way. */
  async more() {
    const results = this.results;
    if (!this.shown || !results.hasMore) return;
    try {
      const fresh = await results.more();
      if (results !== this.results || results.aborted) return;
      this.#grid.add(fresh);
      this.#drawEnd();
      this.#handlers.came(false);
    } catch (error) {
      if (results === this.results && !isAbort(error)) this.#pageFailed(asApiError(error));
    }
  }

  async #fetchFirst() {
    const results = this.results;
    this.#setState(null);
    this.#grid.awaitPhotos();
    this.#timer = setTimeout(() => this.#grid.showSkeletons(), SKELETONS_AFTER);
    try {
      await results.more();
      if (results !== this.results || results.aborted) return;
      clearTimeout(this.#timer);
      this.#showFirst();
    } catch (error) {
      if (results !== this.results || isAbort(error)) return;
      clearTimeout(this.#timer);
      this.#fail(asApiError(error));
    }
  }

  #showFirst() {
    const { hits } = this.results;
    if (hits.length === 0) {
      const none = this.#handlers.none();
      if (none instanceof ApiError) this.#fail(none);
      else this.#setState(none);
      return;
    }
    this.#setState(null);
    this.shown = true;
    this.#grid.show(hits);
    this.#drawEnd();
    this.#handlers.came(true);
  }

  #drawEnd() {
    if (this.results.hasMore) this.#grid.endOpen();
    else this.#grid.endClosed(this.#handlers.theEnd());
  }

  /** @param {ApiError} failure */
  #pageFailed(failure) {
    if (failure.reason === "STALE_PAGE_TOKEN") {
      this.#grid.endFailed("The index has changed since this search.", "Search again", () => this.#again());
    } else {
      this.#grid.endFailed(`More photos could not be loaded. ${failure.detail}`, "Try again", () => {
        this.#grid.endOpen();
      });
    }
  }

  #again() {
    void this.start(this.results.afresh());
  }

  /** @param {ApiError} failure */
  #fail(failure) {
    this.#failure = failure;
    this.#drawFailure(failure);
    if (failure.reason === "OVERLOADED") {
      this.#timer = setTimeout(() => void this.retry(), (failure.retryAfter || BUSY_PAUSE) * 1000);
    }
    this.#watch.hurry(causeIsGone(failure, this.#watch.status, this.#watch.reachable) !== null);
  }

  /** @param {ApiError} failure */
  #drawFailure(failure) {
    const { status } = this.#watch;
    const present = new ApiError(presentReason(failure, status), failure.detail, failure);
    this.#setState(failureState(present, status, this.#handlers.ways));
  }

  #statusChanged() {
    const failure = this.#failure;
    if (!failure) return;
    if (causeIsGone(failure, this.#watch.status, this.#watch.reachable)) void this.retry();
    else this.#drawFailure(failure);
  }

  /** @param {State | null} state */
  #setState(state) {
    this.stateName = state?.name ?? "";
    if (state) {
      this.#grid.hide();
      showState(state);
    } else hideState();
    this.#handlers.stateChanged();
  }
}

/** @param {unknown} error */
function isAbort(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/** @param {unknown} error */
function asApiError(error) {
  if (error instanceof ApiError) return error;
  console.error(error);
  return new ApiError("INTERNAL", "The page itself failed. Reload it; if that does not help, the browser's console tells more.");
}
