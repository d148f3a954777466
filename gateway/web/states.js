// Draws a state: what is the matter in a sentence, and the way out.

import { button, byId, element, icon } from "./element.js";

/**
 * @typedef {object} State
 * @property {string} name which state this is, for styles and tests
 * @property {string} icon
 * @property {string} title
 * @property {string} text
 * @property {string} [detail] what the service said
 * @property {string} [command] to copy into a terminal
 * @property {number} [progress] 0 to 1
 * @property {boolean} [retrying] it is tried again without a person
 * @property {Action[]} [actions]
 */

/** @typedef {{text: string, run: () => void, primary?: boolean}} Action */

const place = byId("state");
const announcement = byId("announcement");

/** @type {string} */
let drawn = "";

/** @param {State} state */
export function showState(state) {
  const drawing = JSON.stringify({ ...state, progress: undefined });
  if (drawing !== drawn) {
    drawn = drawing;
    place.replaceChildren(...draw(state));
    place.dataset.state = state.name;
    announce(`${state.title}. ${state.text}`);
  }
  const bar = place.querySelector("progress");
  if (bar && state.progress) bar.value = state.progress;
  else bar?.removeAttribute("value");
  const share = place.querySelector(".state-share");
  if (share) share.textContent = state.progress ? `${Math.round(state.progress * 100)} %` : "";
  place.hidden = false;
}

export function hideState() {
  place.hidden = true;
  place.replaceChildren();
  delete place.dataset.state;
  drawn = "";
}

/** @param {string} text read out, not shown */
export function announce(text) {
  if (announcement.textContent !== text) announcement.textContent = text;
}

/** @param {State} state */
function draw(state) {
  const parts = [
    element("span", { class: "state-icon" }, icon(state.icon)),
    element("h2", { class: "state-title", dir: "auto" }, state.title),
    element("p", { class: "state-text" }, state.text),
  ];
  if (state.retrying) parts.push(element("p", { class: "state-retrying" }, element("span", { class: "grid-spinner" }), "Trying again by itself …"));
  if (state.detail) parts.push(element("p", { class: "state-detail", dir: "auto" }, state.detail));
  if (state.progress !== undefined) {
    const bar = element("progress", { class: "state-progress", max: "1", "aria-label": state.title });
    parts.push(element("p", { class: "state-bar" }, bar, element("span", { class: "state-share" })));
  }
  if (state.command) parts.push(drawCommand(state.command));
  if (state.actions?.length) {
    const actions = state.actions.map((action) => button(action.text, action.run, { kind: action.primary ? "primary" : undefined }));
    parts.push(element("p", { class: "state-actions" }, ...actions));
  }
  return parts;
}

/** @param {string} command */
function drawCommand(command) {
  return element("pre", { class: "state-command", tabindex: "0", "aria-label": "Command" }, element("code", {}, command));
}
