// Lines above the photos: what a person should know of the services while the page still works.

/** @import { Status } from "./types.js" */

import { REBUILD_COMMAND } from "./failures.js";
import { byId, element, icon } from "./element.js";
import { counted } from "./format.js";

/** @typedef {{key: string, tone: "info" | "warning", text: string, dismissible?: boolean}} Notice */

const place = byId("notices");
const MEMORY = "dismissed-notices";
// In characters; a narrow screen shows the beginning of a longer one.
const LONG = 140;

/** @type {string[]} for browsers that keep nothing */
const dismissedNow = [];

/** @type {string} */
let drawn = "";

/**
 * @param {Status | null} status
 * @param {boolean} reachable whether the gateway answers
 * @param {string} stateName the state that is shown already and needs no notice
 */
export function showNotices(status, reachable, stateName) {
  const dismissed = recallDismissed();
  const notices = collect(status, reachable).filter(({ key }) => key !== stateName && !dismissed.includes(key));
  const drawing = JSON.stringify(notices);
  if (drawing === drawn) return;
  drawn = drawing;
  place.replaceChildren(...notices.map((notice) => draw(notice, () => dismiss(notice.key, () => showNotices(status, reachable, stateName)))));
  place.hidden = notices.length === 0;
}

/**
 * @param {Status | null} status
 * @param {boolean} reachable
 * @returns {Notice[]}
 */
function collect(status, reachable) {
  /** @type {Notice[]} */
  const notices = [];
  if (!reachable) notices.push({ key: "gateway-unreachable", tone: "warning", text: "The server can't be reached. Trying again by itself …" });
  if (!status || !reachable) return notices;
  notices.push(...ofEmbedder(status), ...ofIndex(status));
  const { notice, model } = status.embedder;
  if (notice) notices.push({ key: `model ${model}`, tone: "info", text: notice, dismissible: true });
  return notices;
}

/**
 * @param {Status} status
 * @returns {Notice[]}
 */
function ofEmbedder({ embedder }) {
  switch (embedder.state) {
    case "loading": {
      const share = embedder.progress ? ` (${Math.round(embedder.progress * 100)} %)` : "";
      return [{ key: "model-loading", tone: "info", text: `The model is loading${share}. Until then you can browse; searches wait for it.` }];
    }
    case "unreachable":
      return [{ key: "embedder-unreachable", tone: "warning", text: "The embedder can't be reached, so searching by text or picture has to wait. Trying again by itself …" }];
    case "failed":
      return [{ key: "model-failed", tone: "warning", text: `The model could not be loaded: searching by text or picture is not possible. ${embedder.detail}` }];
    case "degraded":
      return [{ key: "embedder-degraded", tone: "warning", text: embedder.detail || "The embedder runs, but not as it was meant to." }];
    default:
      return [];
  }
}

/**
 * @param {Status} status
 * @returns {Notice[]}
 */
function ofIndex({ index, embedder, model_matches_index: matches }) {
  /** @type {Notice[]} */
  const notices = [];
  if (index.state === "unreachable") notices.push({ key: "search-unreachable", tone: "warning", text: "The index can't be reached. Trying again by itself …" });
  if (index.state === "unavailable") notices.push({ key: "index-unavailable", tone: "warning", text: `The index can't be read. ${index.state_detail}` });
  if (index.state === "degraded") notices.push({ key: "index-degraded", tone: "warning", text: index.state_detail || "Something is amiss with the index." });
  if (!matches && index.model && embedder.model) {
    notices.push({
      key: "model-mismatch",
      tone: "warning",
      text: `The photos were indexed with another model (${index.model}) than the embedder's (${embedder.model}). Rebuild the index to search again: ${REBUILD_COMMAND}`,
    });
  }
  if (index.rebuild) {
    notices.push({ key: "rebuild", tone: "info", text: `A new index is being built: ${counted(index.rebuild.image_count, "photo")} so far. Until it is done, the present one serves.` });
  }
  return notices;
}

/**
 * @param {Notice} notice
 * @param {() => void} onDismiss
 */
function draw(notice, onDismiss) {
  const line = element(
    "div",
    { class: `notice notice-${notice.tone}`, "data-notice": notice.key, role: "status" },
    icon(notice.tone === "info" ? "info" : "warning"),
    element("p", { class: "notice-text" }, notice.text),
  );
  if (notice.text.length > LONG) line.append(makeMore(line));
  if (notice.dismissible) {
    const close = element("button", { type: "button", class: "icon-button", "aria-label": "Dismiss this notice", title: "Dismiss" }, icon("close"));
    close.addEventListener("click", onDismiss);
    line.append(close);
  }
  return line;
}

/** @param {HTMLElement} line whose whole text it shows, where the style cuts it */
function makeMore(line) {
  const more = element("button", { type: "button", class: "notice-more", "aria-expanded": "false" }, "More");
  more.addEventListener("click", () => {
    const whole = line.classList.toggle("notice-whole");
    more.textContent = whole ? "Less" : "More";
    more.setAttribute("aria-expanded", String(whole));
  });
  return more;
}

/** @returns {string[]} */
function recallDismissed() {
  try {
    return [...dismissedNow, ...JSON.parse(localStorage.getItem(MEMORY) ?? "[]")];
  } catch {
    return dismissedNow;
  }
}

/**
 * @param {string} key
 * @param {() => void} redraw
 */
function dismiss(key, redraw) {
  const all = [...recallDismissed(), key];
  dismissedNow.push(key);
  try {
    localStorage.setItem(MEMORY, JSON.stringify([...new Set(all)].slice(-20)));
  } catch {
    // Storage is off or full: it stays dismissed until the next reload.
  }
  redraw();
}
