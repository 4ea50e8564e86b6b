/** What is dropped, pasted or picked, until it is sent with a message. */

import { el } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {{name: string, content: string}} SentFile  `content` in base64 */

export class Tray {
  /** @type {File[]} */ #files = [];

  /**
   * @param {string} kind of the composer that it belongs to
   * @param {() => void} changed
   */
  constructor(kind, changed) {
    this.changed = changed;
    this.node = el("div", { class: "tray", dataset: { tray: kind }, hidden: true });
    this.input = el("input", {
      type: "file",
      multiple: true,
      hidden: true,
      "aria-label": "Attach files",
      dataset: { fileInput: kind },
      on: { change: () => this.#picked() },
    });
    this.button = el(
      "button",
      {
        type: "button",
        class: "tool",
        title: "Attach files",
        "aria-label": "Attach files",
        on: { click: () => this.input.click() },
      },
      icon("clip"),
    );
  }

  get isEmpty() {
    return this.#files.length === 0;
  }

  /**
   * Take files that are dragged over `target`, or pasted there.
   *
   * @param {HTMLElement} target
   */
  watch(target) {
    target.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      target.classList.add("is-over");
    });
    target.addEventListener("dragleave", () => target.classList.remove("is-over"));
    target.addEventListener("drop", (event) => {
      target.classList.remove("is-over");
      this.#taken(event, event.dataTransfer);
    });
    target.addEventListener("paste", (event) => this.#taken(event, event.clipboardData));
  }

  /** @returns {Promise<SentFile[]>} */
  read() {
    return Promise.all(this.#files.map(encoded));
  }

  clear() {
    this.#files = [];
    this.#draw();
  }

  /** @param {Event} event @param {DataTransfer|null} data */
  #taken(event, data) {
    const files = [...(data?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.#add(files);
  }

  #picked() {
    this.#add([...(this.input.files ?? [])]);
    this.input.value = "";
  }

  /** @param {File[]} files */
  #add(files) {
    this.#files = [...this.#files, ...files];
    this.#draw();
  }

  /** @param {File} file */
  #remove(file) {
    this.#files = this.#files.filter((each) => each !== file);
    this.#draw();
  }

  #draw() {
    this.node.hidden = this.isEmpty;
    this.node.replaceChildren(...this.#files.map((file) => this.#item(file)));
    this.changed();
  }

  /** @param {File} file */
  #item(file) {
    const remove = {
      type: "button",
      class: "tray-remove",
      "aria-label": `Remove ${file.name}`,
      on: { click: () => this.#remove(file) },
    };
    return el(
      "span",
      { class: "file tray-file" },
      icon("file"),
      file.name,
      el("button", remove, icon("close")),
    );
  }
}

/** @param {File} file @returns {Promise<SentFile>} */
async function encoded(file) {
  const url = await new Promise((done, failed) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => done(String(reader.result)));
    reader.addEventListener("error", () => failed(reader.error));
    reader.readAsDataURL(file);
  });
  return { name: file.name, content: url.slice(url.indexOf(",") + 1) };
}
