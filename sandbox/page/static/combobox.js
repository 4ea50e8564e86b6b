/** One field to choose from a list, typed into to narrow it: every kind of select is made of it. */

import { el, uniqueId } from "./dom.js";
import { icon } from "./icons.js";
import { openPopover } from "./popover.js";

/**
 * @typedef {{label: string, value: string, detail?: string, payload: any}} Choice
 * @typedef {{label?: string, choices: Choice[]}} ChoiceGroup
 * @typedef {(query: string) => Promise<ChoiceGroup[]|null>|ChoiceGroup[]} Source null: that failed
 */

const SUGGEST_DELAY_MS = 150;

export class Combobox {
  /** @type {Choice[]} */ #selected = [];
  /** @type {Choice[]} */ #shown = [];
  /** @type {(() => void)|null} */ #close = null;
  #active = -1;
  #asked = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #timer = undefined;

  /**
   * @param {object} options
   * @param {Source} options.source
   * @param {string} [options.placeholder]
   * @param {boolean} [options.multiple]
   * @param {number} [options.max] how many may be chosen
   * @param {number} [options.minQuery] characters before the source is asked
   * @param {boolean} [options.clearable] emptying the field takes the choice back
   * @param {boolean} [options.remote] the source is a server: ask only when typing rests
   * @param {(selected: Choice[]) => void} [options.onChange]
   */
  constructor({ source, placeholder, multiple, max, minQuery, clearable, remote, onChange }) {
    this.source = source;
    this.placeholder = placeholder ?? "Choose an option";
    this.multiple = multiple ?? false;
    this.max = max ?? Infinity;
    this.minQuery = minQuery ?? 0;
    this.clearable = clearable ?? false;
    this.remote = remote ?? false;
    this.onChange = onChange ?? (() => {});
    this.list = el("div", { class: "listbox", role: "listbox", id: uniqueId("listbox") });
    this.input = el("input", {
      type: "text",
      class: "combobox-input",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      placeholder: this.placeholder,
      "aria-expanded": "false",
      "aria-controls": this.list.id,
      "aria-autocomplete": "list",
    });
    this.chips = el("span", { class: "chips" });
    this.node = el("span", { class: "combobox" }, this.chips, this.input, icon("down"));
    this.input.addEventListener("click", () => this.#clicked());
    this.input.addEventListener("input", () => this.#search());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.input.addEventListener("blur", () => this.#dismiss());
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  get selected() {
    return this.#selected;
  }

  set selected(choices) {
    this.#selected = choices;
    this.#paint();
  }

  #paint() {
    if (!this.multiple) {
      this.input.value = this.#selected[0]?.label ?? "";
      return;
    }
    this.input.value = "";
    this.input.placeholder = this.#selected.length ? "" : this.placeholder;
    this.chips.replaceChildren(...this.#selected.map((choice) => this.#chip(choice)));
  }

  /** @param {Choice} choice */
  #chip(choice) {
    const drop = () => this.#change(this.#selected.filter(({ value }) => value !== choice.value));
    const remove = el(
      "button",
      { type: "button", "aria-label": `Remove ${choice.label}`, on: { click: drop } },
      icon("close"),
    );
    return el("span", { class: "chip" }, choice.label, remove);
  }

  #clicked() {
    if (!this.#close && !this.multiple) this.input.select();
    this.#open();
  }

  /** @param {string} [query] */
  #open(query = "") {
    if (this.#close) return;
    this.#close = openPopover(this.node, this.list, {
      matchWidth: true,
      onClose: () => {
        this.#close = null;
        this.input.setAttribute("aria-expanded", "false");
        this.#paint();
      },
    });
    this.input.setAttribute("aria-expanded", "true");
    void this.#ask(query);
  }

  #dismiss() {
    clearTimeout(this.#timer);
    const emptied = !this.multiple && this.input.value === "" && this.#selected.length > 0;
    if (emptied && this.clearable) this.#change([]);
    this.#close?.();
  }

  #search() {
    clearTimeout(this.#timer);
    const query = this.input.value.trim();
    if (!this.#close) this.#open(query);
    else if (!this.remote) void this.#ask(query);
    else this.#timer = setTimeout(() => void this.#ask(query), SUGGEST_DELAY_MS);
  }

  /** @param {string} query */
  async #ask(query) {
    this.#asked += 1;
    const turn = this.#asked;
    if (query.length < this.minQuery) return this.#say("Start typing to see options");
    if (this.remote) this.#say("Loading…");
    const groups = await this.source(query);
    if (turn !== this.#asked) return;
    if (groups) this.#show(groups);
    else this.#say("The options could not be loaded");
  }

  /** @param {string} words */
  #say(words) {
    this.#shown = [];
    this.#active = -1;
    this.list.replaceChildren(el("div", { class: "listbox-note" }, words));
  }

  /** @param {ChoiceGroup[]} groups */
  #show(groups) {
    const filled = groups.filter(({ choices }) => choices.length > 0);
    if (filled.length === 0) return this.#say("No options found");
    this.#shown = filled.flatMap(({ choices }) => choices);
    this.list.replaceChildren(
      ...filled.map(({ label, choices }) =>
        el(
          "div",
          { role: "group", "aria-label": label },
          label && el("div", { class: "menu-title" }, label),
          choices.map((choice) => this.#option(choice)),
        ),
      ),
    );
    const chosen = this.#shown.findIndex((choice) => this.#has(choice));
    this.#activate(this.multiple ? 0 : Math.max(0, chosen));
  }

  /** @param {Choice} choice */
  #has(choice) {
    return this.#selected.some(({ value }) => value === choice.value);
  }

  /** @param {Choice} choice */
  #option(choice) {
    return el(
      "div",
      {
        class: "option",
        role: "option",
        id: uniqueId("option"),
        "aria-selected": String(this.#has(choice)),
        dataset: { value: choice.value },
        on: { click: () => this.#pick(choice) },
      },
      el("span", { class: "option-label" }, choice.label),
      choice.detail && el("span", { class: "option-detail" }, choice.detail),
      this.#has(choice) && icon("check"),
    );
  }

  /** @param {number} index */
  #activate(index) {
    const options = this.list.querySelectorAll(".option");
    options[this.#active]?.classList.remove("option-active");
    this.#active = index;
    const option = options[index];
    option?.classList.add("option-active");
    option?.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option?.id ?? "");
  }

  /** @param {Choice} choice */
  #pick(choice) {
    if (!this.multiple) {
      this.#change([choice]);
      this.#close?.();
      return;
    }
    const without = this.#selected.filter(({ value }) => value !== choice.value);
    if (without.length < this.#selected.length) this.#change(without);
    else if (this.#selected.length < this.max) this.#change([...without, choice]);
    void this.#ask("");
  }

  /** @param {Choice[]} choices */
  #change(choices) {
    this.selected = choices;
    this.onChange(choices);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (!this.#close) return this.#open();
      const count = this.#shown.length;
      if (count) this.#activate((this.#active + step + count) % count);
    } else if (event.key === "Enter" && this.#close) {
      event.preventDefault();
      const choice = this.#shown[this.#active];
      if (choice) this.#pick(choice);
    } else if (event.key === "Backspace" && this.input.value === "" && this.#selected.length) {
      this.#change(this.#selected.slice(0, -1));
    }
  }
}
