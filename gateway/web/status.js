// Watches how the services are: often while something is amiss or under way, seldom otherwise, never in a hidden tab.

/** @import { Status } from "./types.js" */

import { getStatus } from "./api.js";

const SOON = 1000;
const OFTEN = 2500;
const SELDOM = 30_000;
const PATIENCE = 8000;
const FEW_PHOTOS = 100;
// A machine that loads a model is busy, and the embedder then misses a question at times.
const MISSES_WHILE_LOADING = 2;

export class StatusWatch {
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #asking = false;
  #misses = 0;

  constructor() {
    /** @type {Status | null} null until the first answer */
    this.status = null;
    /** Whether the last question was answered. */
    this.reachable = true;
    /** Set while someone waits for a change. */
    this.urgent = false;
  }

  start() {
    document.addEventListener("visibilitychange", () => this.#schedule(0));
    window.addEventListener("online", () => this.#schedule(0));
    return this.ask();
  }

  /** @param {() => void} listener called after each answer and each failure */
  onChange(listener) {
    this.#listeners.add(listener);
  }

  /** Asks now. */
  async ask() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      this.status = this.#withoutMisses(await getStatus(AbortSignal.timeout(PATIENCE)));
      this.reachable = true;
    } catch {
      this.reachable = false;
    } finally {
      this.#asking = false;
    }
    for (const listener of this.#listeners) listener();
    this.#schedule(this.#pause());
  }

  /**
   * An embedder that was loading still is after a missed question or two.
   *
   * @param {Status} fresh
   * @returns {Status}
   */
  #withoutMisses(fresh) {
    this.#misses = fresh.embedder.state === "unreachable" ? this.#misses + 1 : 0;
    const before = this.status?.embedder;
    return before?.state === "loading" && this.#misses > 0 && this.#misses <= MISSES_WHILE_LOADING ? { ...fresh, embedder: before } : fresh;
  }

  /** @param {boolean} urgent whether someone waits for a change */
  hurry(urgent) {
    if (urgent && !this.urgent) this.#schedule(SOON);
    this.urgent = urgent;
  }

  /** @param {number} pause in milliseconds */
  #schedule(pause) {
    clearTimeout(this.#timer);
    if (!document.hidden) this.#timer = setTimeout(() => void this.ask(), pause);
  }

  #pause() {
    if (!this.status || !this.reachable) return OFTEN;
    const { embedder, index } = this.status;
    if (embedder.state === "loading" || this.urgent) return SOON;
    if (embedder.state === "unreachable" || index.state === "unreachable" || index.state === "unavailable") return OFTEN;
    if (index.image_count < FEW_PHOTOS || index.rebuild) return OFTEN;
    return SELDOM;
  }
}

/** @param {Status | null} status */
export function embedderWorks(status) {
  return status !== null && (status.embedder.state === "ready" || status.embedder.state === "degraded");
}

/** @param {Status | null} status */
export function indexWorks(status) {
  return status !== null && (status.index.state === "ready" || status.index.state === "degraded");
}

/** @param {Status | null} status */
export function hasFewPhotos(status) {
  return status !== null && indexWorks(status) && status.index.image_count > 0 && status.index.image_count < FEW_PHOTOS;
}
