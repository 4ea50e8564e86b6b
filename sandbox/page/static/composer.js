/** Where messages and commands are written. */

import { complete } from "./completion.js";
import { el, uniqueId } from "./dom.js";
import { icon } from "./icons.js";
import { Tray } from "./tray.js";
import { explain } from "./words.js";

/** @typedef {import("./types.js").Reply} Reply */
/** @typedef {import("./tray.js").SentFile} SentFile */
/** @typedef {import("./completion.js").Completion} Completion */
/** @typedef {import("./workspace.js").Workspace} Workspace */

const TALLEST_PX = 220;

export class Composer {
  /** @type {Completion|null} */ #completion = null;
  #active = 0;

  /**
   * @param {object} options
   * @param {Workspace} options.workspace
   * @param {"channel"|"thread"} options.kind
   * @param {(text: string, files: SentFile[], broadcast: boolean) => Promise<Reply>} options.send
   * @param {string} [options.broadcastTo] offer to show a reply there too
   * @param {(anchor: HTMLElement) => void} [options.openShortcuts]
   * @param {() => void} [options.editLast] Up was pressed in an empty composer
   */
  constructor({ workspace, kind, send, broadcastTo, openShortcuts, editLast }) {
    this.workspace = workspace;
    this.kind = kind;
    this.send = send;
    this.editLast = editLast ?? (() => {});
    this.tray = new Tray(kind, () => this.#fit());
    this.offers = el("div", {
      class: "offers",
      role: "listbox",
      id: uniqueId("offers"),
      hidden: true,
    });
    this.input = el("textarea", {
      class: "composer-input",
      rows: "1",
      dataset: { composer: kind },
      "aria-controls": this.offers.id,
      "aria-autocomplete": "list",
      spellcheck: "true",
    });
    this.button = el(
      "button",
      {
        type: "submit",
        class: "send",
        "aria-label": "Send",
        title: "Send",
        disabled: true,
        dataset: { send: kind },
      },
      icon("send"),
    );
    this.broadcast = el("input", { type: "checkbox", dataset: { broadcast: "" } });
    this.error = el("div", {
      class: "composer-error",
      role: "alert",
      dataset: { composerError: kind },
    });
    this.hint = el(
      "div",
      { class: "composer-hint", "aria-hidden": "true" },
      el("b", {}, "Enter"),
      " to send, ",
      el("b", {}, "Shift + Enter"),
      " for a new line",
    );
    this.node = el(
      "form",
      { class: "composer", on: { submit: (/** @type {Event} */ event) => this.#submitted(event) } },
      this.offers,
      el(
        "div",
        { class: "composer-box" },
        this.input,
        this.tray.node,
        el(
          "div",
          { class: "composer-tools" },
          this.tray.button,
          this.tray.input,
          broadcastTo &&
            el(
              "label",
              { class: "composer-broadcast" },
              this.broadcast,
              el("span", {}, `Also send to ${broadcastTo}`),
            ),
          openShortcuts && workspace.globalShortcuts.length > 0 && shortcutsButton(openShortcuts),
          this.button,
        ),
      ),
      el("div", { class: "composer-below" }, this.error, this.hint),
    );
    this.tray.watch(this.node);
    this.input.addEventListener("input", () => this.#typed());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("click", () => this.#offer());
    this.input.addEventListener("blur", () => this.#show(null));
    this.offers.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  get text() {
    return this.input.value;
  }

  set text(text) {
    this.input.value = text;
    this.error.textContent = "";
    this.#fit();
    this.#show(null);
  }

  /** @param {string} words */
  set placeholder(words) {
    this.input.placeholder = words;
    this.input.setAttribute("aria-label", words);
  }

  focus() {
    this.input.focus();
  }

  #typed() {
    this.error.textContent = "";
    this.#fit();
    this.#offer();
  }

  #fit() {
    this.button.disabled = this.input.value.trim() === "" && this.tray.isEmpty;
    this.hint.classList.toggle("is-shown", this.input.value.length > 1);
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, TALLEST_PX)}px`;
  }

  /** @param {Event} event */
  #submitted(event) {
    event.preventDefault();
    void this.#send();
  }

  async #send() {
    const text = this.input.value;
    if (text.trim() === "" && this.tray.isEmpty) return;
    this.text = "";
    const reply = await this.send(text, await this.tray.read(), this.broadcast.checked);
    if (reply.ok) {
      this.broadcast.checked = false;
      this.tray.clear();
      return;
    }
    if (this.input.value === "") this.text = text;
    this.error.textContent = explain(reply.error);
  }

  #offer() {
    const { value, selectionStart } = this.input;
    this.#active = 0;
    this.#show(
      complete(value, selectionStart, this.workspace, { commands: this.kind === "channel" }),
    );
  }

  /** @param {Completion|null} completion */
  #show(completion) {
    this.#completion = completion;
    this.offers.hidden = completion === null;
    this.offers.classList.toggle("offers-hint", completion?.hintOnly === true);
    this.offers.replaceChildren(
      ...(completion?.offers ?? []).map((offer, index) =>
        el(
          "div",
          {
            class: index === this.#active && !completion?.hintOnly ? "offer offer-active" : "offer",
            role: "option",
            id: `${this.offers.id}-${index}`,
            "aria-selected": String(index === this.#active),
            on: { click: () => this.#take(index) },
          },
          el("span", { class: "offer-label" }, offer.label),
          el("span", { class: "offer-hint" }, offer.hint),
          offer.detail && el("span", { class: "offer-detail" }, offer.detail),
        ),
      ),
    );
    const active = completion && !completion.hintOnly ? `${this.offers.id}-${this.#active}` : "";
    this.input.setAttribute("aria-activedescendant", active);
  }

  /** @param {number} index */
  #take(index) {
    const { start, offers } = this.#completion ?? { start: 0, offers: [] };
    const offer = offers[index];
    if (!offer) return;
    const { value, selectionStart } = this.input;
    this.input.value =
      value.slice(0, start) + offer.insert + value.slice(selectionStart).trimStart();
    const cursor = start + offer.insert.length;
    this.input.setSelectionRange(cursor, cursor);
    this.focus();
    this.#typed();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    if (this.#completion && !this.#completion.hintOnly && this.#offerKey(event)) {
      event.preventDefault();
    } else if (event.key === "Escape") {
      this.#show(null);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void this.#send();
    } else if (event.key === "ArrowUp" && this.input.value === "") {
      event.preventDefault();
      this.editLast();
    }
  }

  /**
   * A key for the list of offers.
   *
   * @param {KeyboardEvent} event
   * @returns {boolean} whether it was one
   */
  #offerKey(event) {
    const { offers = [] } = this.#completion ?? {};
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.#active = (this.#active + step + offers.length) % offers.length;
      this.#show(this.#completion);
      return true;
    }
    const chosen = offers[this.#active];
    const typed = this.input.value.slice(this.#completion?.start, this.input.selectionStart);
    const typedWhole = chosen.insert.trim().toLowerCase() === typed.trim().toLowerCase();
    if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && !typedWhole)) {
      this.#take(this.#active);
      return true;
    }
    if (event.key !== "Escape") return false;
    this.#show(null);
    return true;
  }
}

/** @param {(anchor: HTMLElement) => void} open */
function shortcutsButton(open) {
  const button = el(
    "button",
    {
      type: "button",
      class: "tool",
      title: "Shortcuts",
      "aria-label": "Shortcuts",
      "aria-haspopup": "menu",
      dataset: { shortcuts: "" },
      on: { click: () => open(button) },
    },
    icon("bolt"),
  );
  return button;
}
