/** Checkboxes and radio buttons. */

import { el, uniqueId } from "./dom.js";
import { renderMrkdwn } from "./mrkdwn.js";

/** @typedef {import("./types.js").Element} Element */
/** @typedef {import("./types.js").Option} Option */
/** @typedef {import("./controls.js").Control} Control */
/** @typedef {import("./controls.js").ControlContext} ControlContext */

/** @param {Element} element @param {ControlContext} context @returns {Control|null} */
export function tickControl(element, context) {
  const single = element.type === "radio_buttons";
  if (!single && element.type !== "checkboxes") return null;
  /** @type {Option[]} */
  const options = element.options ?? [];
  const initial = single
    ? [element.initial_option].filter(Boolean)
    : (element.initial_options ?? []);
  const name = uniqueId("ticks");
  const boxes = options.map((option) => tick(single ? "radio" : "checkbox", name, option, context));
  /** @param {Option[]} held */
  const set = (held) =>
    boxes.forEach(({ input }) => {
      input.checked = held.some(({ value }) => value === input.value);
    });
  set(initial);
  const node = el(
    "div",
    { class: "ticks", role: single ? "radiogroup" : "group" },
    boxes.map(({ node }) => node),
  );
  node.tabIndex = -1;
  return {
    node,
    focus: node,
    read: () => {
      const held = options.filter((_, i) => boxes[i].input.checked);
      return single
        ? { type: element.type, selected_option: held[0] ?? null }
        : { type: element.type, selected_options: held };
    },
    write: (value) =>
      set(single ? [value.selected_option].filter(Boolean) : value.selected_options),
  };
}

/**
 * @param {"radio"|"checkbox"} type
 * @param {string} name
 * @param {Option} option
 * @param {ControlContext} context
 */
function tick(type, name, option, { workspace, onChange }) {
  const input = el("input", { type, name, value: option.value, on: { change: onChange } });
  const text = (/** @type {import("./types.js").Text} */ { type: kind, text }) =>
    kind === "mrkdwn" ? renderMrkdwn(text, workspace) : text;
  const node = el(
    "label",
    { class: "tick" },
    input,
    el(
      "span",
      { class: "rich" },
      text(option.text),
      option.description && el("span", { class: "tick-detail" }, text(option.description)),
    ),
  );
  return { input, node };
}
