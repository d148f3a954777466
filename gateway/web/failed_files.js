// The list of the files that could not be indexed: which, why and since when, and the way out.

/** @import { StatusWatch } from "./status.js" */
/** @import { FailedFile } from "./types.js" */

import { currentAddress, currentEntry, pushAddress, replaceAddress } from "./address.js";
import { listFailures } from "./api.js";
import { ApiError } from "./call.js";
import { copyButton } from "./copy.js";
import { button, byId, element } from "./element.js";
import { drawFailedFile } from "./failed_file.js";
import { counted, formatCount } from "./format.js";

const RETRY_COMMAND = "python -m indexer FOLDER --retry-failed";

export class FailedFiles {
  #dialog = /** @type {HTMLDialogElement} */ (byId("failed-files"));
  #list = byId("failed-list");
  #end = byId("failed-end");
  #source = /** @type {HTMLSelectElement} */ (byId("failed-source"));
  #watch;
  #fetching = new AbortController();
  #next = "";

  /** @param {StatusWatch} watch */
  constructor(watch) {
    this.#watch = watch;
    const command = element("code", { class: "notice-command" }, RETRY_COMMAND);
    byId("failed-command").append(command, " ", copyButton(RETRY_COMMAND, command, "Copy the command"));
    watch.onChange(() => this.#drawSources());
    byId("failed-close").addEventListener("click", () => this.#leave());
    this.#source.addEventListener("change", () => this.#start());
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#leave();
    });
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#leave(); // beside it
    });
  }

  /** Goes to the list. */
  open() {
    pushAddress({ ...currentAddress(), failures: true }, { ...currentEntry(), stacked: true });
    this.sync(true);
  }

  /**
   * Brings it in line with the address.
   *
   * @param {boolean} open
   */
  sync(open) {
    if (open === this.#dialog.open) return;
    if (open) {
      this.#dialog.showModal();
      byId("failed-title").focus();
      this.#source.value = "";
      this.#start();
    } else {
      this.#fetching.abort();
      this.#dialog.close();
    }
  }

  #leave() {
    this.sync(false);
    if (currentEntry().stacked) history.back();
    else replaceAddress({ ...currentAddress(), failures: false });
  }

  #drawSources() {
    const sources = (this.#watch.status?.index.sources ?? []).filter(({ failure_count: count }) => count > 0);
    const options = sources.map(({ source, failure_count: count }) => element("option", { value: source }, `${source} (${counted(count, "file")})`));
    const chosen = this.#source.value;
    this.#source.replaceChildren(element("option", { value: "" }, "All sources"), ...options);
    this.#source.value = sources.some(({ source }) => source === chosen) ? chosen : "";
    byId("failed-source-field").hidden = sources.length < 2;
  }

  #start() {
    this.#fetching.abort();
    this.#next = "";
    this.#list.replaceChildren();
    const source = this.#source.value;
    byId("failed-download").setAttribute("href", `/api/v1/failures.jsonl${source && `?${new URLSearchParams({ source })}`}`);
    void this.#more();
  }

  /** @param {boolean} [asked] by a person, who goes on reading at the first new line */
  async #more(asked = false) {
    this.#fetching = new AbortController();
    const { signal } = this.#fetching;
    this.#end.replaceChildren(element("span", { class: "grid-spinner" }), element("span", { class: "visually-hidden" }, "Loading"));
    try {
      const page = await listFailures(this.#source.value, this.#next, signal);
      signal.throwIfAborted();
      this.#next = page.next_page_token;
      const lines = this.#add(page.failures);
      if (asked) lines[0]?.focus();
    } catch (error) {
      if (signal.aborted) return;
      const why = error instanceof ApiError ? error.detail : "The page itself failed.";
      this.#end.replaceChildren(element("p", { role: "alert" }, `The list can't be loaded. ${why}`), button("Try again", () => void this.#more(true), { icon: "reset" }));
    }
  }

  /** @param {FailedFile[]} failures */
  #add(failures) {
    const had = this.#list.children.length;
    const lines = failures.map(drawFailedFile);
    this.#list.append(...lines);
    const count = had + lines.length;
    const said = element("p", { role: "status" });
    this.#end.replaceChildren(said);
    if (this.#next) this.#end.append(button("Show more", () => void this.#more(true)));
    said.textContent = this.#next ? `${formatCount(count)} shown, there are more.` : count ? `That is all: ${counted(count, "file")}.` : "Every file could be indexed.";
    return lines;
  }
}
