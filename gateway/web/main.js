// Joins the parts of the page.

import { isSearch, currentAddress, START } from "./address.js";
import { byId } from "./element.js";
import { showExamples } from "./examples.js";
import { showNotices } from "./notices.js";
import { Page } from "./page.js";
import { StatusWatch } from "./status.js";
import { acceptPictures } from "./upload.js";

const watch = new StatusWatch();
const page = new Page(watch);
const query = /** @type {HTMLInputElement} */ (byId("query"));
const clear = byId("clear-query");

function drawNotices() {
  showNotices(watch.status, watch.reachable, page.stateName);
}

function drawExamples() {
  showExamples(watch.status?.embedder.languages ?? [], (text) => page.searchText(text));
}

watch.onChange(drawNotices);
watch.onChange(drawExamples);
page.onState = drawNotices;

byId("search-form").addEventListener("submit", (event) => {
  event.preventDefault();
  page.searchText(query.value);
});
query.addEventListener("input", () => {
  clear.hidden = query.value === "" && !isSearch(currentAddress());
});
clear.addEventListener("click", () => {
  query.value = "";
  clear.hidden = true;
  if (isSearch(currentAddress())) page.clear();
  query.focus();
});
byId("home").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  page.go(START);
});
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLElement && event.target.closest("input, select, textarea, dialog");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  query.focus();
  query.select();
});
acceptPictures((file) => void page.searchPicture(file));

drawExamples();
page.start();
void watch.start();
