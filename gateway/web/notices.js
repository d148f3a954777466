// Lines above the photos: what a person should know of the services while the page still works.

/** @import { Status } from "./types.js" */

import { REBUILD_COMMAND } from "./failures.js";
import { copyButton } from "./copy.js";
import { byId, element, icon } from "./element.js";
import { counted } from "./format.js";

/**
 * @typedef {object} Notice
 * @property {string} key what it is about, for styles and tests
 * @property {"info" | "warning"} tone
 * @property {string} text a command in it stands in backticks
 * @property {string} [more] shown when one asks for it
 * @property {boolean} [dismissible] for good, as long as it says the same
 */

const place = byId("notices");
const MEMORY = "dismissed-notices";
// In characters; a narrow screen shows the beginning of a longer one.
const LONG = 140;

/** @type {string[]} their texts, for browsers that keep nothing */
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
  const notices = collect(status, reachable).filter(({ key, text }) => key !== stateName && !dismissed.includes(text));
  const drawing = JSON.stringify(notices);
  if (drawing === drawn) return;
  drawn = drawing;
  place.replaceChildren(...notices.map((notice) => draw(notice, () => dismiss(notice.text, () => showNotices(status, reachable, stateName)))));
  place.hidden = notices.length === 0;
}

/**
 * @param {Status | null} status
 * @param {boolean} reachable
 * @returns {Notice[]}
 */
function collect(status, reachable) {
  if (!reachable) return [{ key: "gateway-unreachable", tone: "warning", text: "The server can't be reached. Trying again by itself …" }];
  if (!status) return [];
  return [...ofEmbedder(status), ...ofIndex(status)];
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
    case "degraded": {
      const text = embedder.detail || "The embedder runs, but not as it was meant to.";
      return [{ key: "embedder-degraded", tone: "warning", text, more: embedder.notice, dismissible: true }];
    }
    default:
      return embedder.notice ? [{ key: "model-notice", tone: "info", text: embedder.notice, dismissible: true }] : [];
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
      text: `The photos were indexed with another model (${index.model}) than the embedder's (${embedder.model}). Rebuild the index to search again: \`${REBUILD_COMMAND}\``,
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
    element(
      "div",
      { class: "notice-texts" },
      element("p", { class: "notice-text" }, ...drawText(notice.text)),
      notice.more ? element("p", { class: "notice-rest" }, ...drawText(notice.more)) : null,
    ),
  );
  if (notice.more) line.classList.add("notice-with-rest");
  if (notice.more || notice.text.length > LONG) line.append(makeMore(line));
  if (notice.dismissible) {
    const close = element("button", { type: "button", class: "icon-button", "aria-label": "Dismiss this notice", title: "Dismiss" }, icon("close"));
    close.addEventListener("click", onDismiss);
    line.append(close);
  }
  return line;
}

/** @param {string} text whose commands in backticks can be copied */
function drawText(text) {
  return text.split("`").flatMap((part, i) => {
    if (i % 2 === 0) return [part];
    const command = element("code", { class: "notice-command" }, part);
    return [command, " ", copyButton(part, command, "Copy the command")];
  });
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
 * @param {string} text
 * @param {() => void} redraw
 */
function dismiss(text, redraw) {
  const all = [...recallDismissed(), text];
  dismissedNow.push(text);
  try {
    localStorage.setItem(MEMORY, JSON.stringify([...new Set(all)].slice(-20)));
  } catch {
    // Storage is off or full: it stays dismissed until the next reload.
  }
  redraw();
}
