/** Everything that holds a value: typed, picked or ticked. One control per Slack element. */

import { choiceControl } from "./choice-controls.js";
import { el, uniqueId } from "./dom.js";
import { tickControl } from "./tick-controls.js";

/** @typedef {import("./types.js").Element} Element */
/** @typedef {import("./types.js").StateValue} StateValue */
/** @typedef {import("./combobox.js").ChoiceGroup} ChoiceGroup */
/** @typedef {import("./workspace.js").Workspace} Workspace */

/**
 * @typedef {object} Control
 * @property {HTMLElement} node what is shown
 * @property {HTMLElement} focus what takes the focus, the label and `aria-invalid`
 * @property {() => StateValue} read its entry in Slack's `state.values`
 * @property {(value: StateValue) => void} write put back what `read` gave
 * @property {() => string|null} [fault] what is wrong with it, beyond being empty
 *
 * @typedef {object} ControlContext
 * @property {Workspace} workspace
 * @property {boolean} optional
 * @property {(query: string) => Promise<ChoiceGroup[]|null>} suggest null: that failed
 * @property {() => void} onChange something was picked or ticked
 * @property {() => void} onType a character was typed
 * @property {() => boolean} onEnter Enter was pressed in a single line; whether that was for the app
 */

/**
 * @param {Element} element
 * @param {ControlContext} context
 * @returns {Control|null} null: not a control
 */
export function createControl(element, context) {
  const control =
    textControl(element, context) ??
    pickerControl(element, context) ??
    tickControl(element, context) ??
    choiceControl(element, context);
  if (!control) return null;
  control.focus.id = uniqueId("control");
  if (element.action_id) control.focus.dataset.actionId = element.action_id;
  return control;
}

/** Slack's own, where an element names none. */
const MAX_LENGTH = 3000;
const TEXT_TYPES = { plain_text_input: "text", email_text_input: "email", url_text_input: "url" };

/** @param {Element} element @param {ControlContext} context @returns {Control|null} */
function textControl(element, context) {
  if (element.type === "number_input") return numberControl(element, context);
  const type = TEXT_TYPES[/** @type {keyof typeof TEXT_TYPES} */ (element.type)];
  if (!type) return null;
  const common = {
    placeholder: element.placeholder?.text,
    autocomplete: "off",
    on: listeners(element, context),
  };
  const node = element.multiline
    ? el("textarea", { ...common, class: "input", rows: "4" })
    : el("input", { ...common, class: "input", type });
  node.value = element.initial_value ?? "";
  return {
    node,
    focus: node,
    read: () => ({ type: element.type, value: node.value || null }),
    write: (value) => {
      node.value = value.value ?? "";
    },
    fault: () => {
      if (node.validity.typeMismatch) return `Please enter a valid ${type} address.`;
      return lengthFault(
        node.value.length,
        element.min_length ?? 0,
        element.max_length ?? MAX_LENGTH,
      );
    },
  };
}

/** @param {number} length @param {number} min @param {number} max */
function lengthFault(length, min, max) {
  if (length > 0 && length < min) return `Please write at least ${min} characters.`;
  return length > max ? `Please write at most ${max} characters; these are ${length}.` : null;
}

/** @param {Element} element @param {ControlContext} context @returns {Control} */
function numberControl(element, context) {
  const { min_value: min, max_value: max, is_decimal_allowed: decimal } = element;
  const node = el("input", {
    class: "input",
    type: "text",
    inputmode: decimal ? "decimal" : "numeric",
    placeholder: element.placeholder?.text,
    autocomplete: "off",
    on: listeners(element, context),
  });
  node.value = element.initial_value ?? "";
  return {
    node,
    focus: node,
    read: () => ({ type: element.type, value: node.value.trim() || null }),
    write: (value) => {
      node.value = value.value ?? "";
    },
    fault: () => numberFault(node.value.trim(), min, max, decimal),
  };
}

/**
 * @param {string} text
 * @param {string|undefined} min
 * @param {string|undefined} max
 * @param {boolean} decimal
 */
function numberFault(text, min, max, decimal) {
  if (text === "") return null;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text)) return "Please enter a number.";
  if (!decimal && !/^[+-]?\d+$/.test(text)) return "Please enter a whole number.";
  if (min !== undefined && Number(text) < Number(min)) return `Please enter ${min} or more.`;
  if (max !== undefined && Number(text) > Number(max)) return `Please enter ${max} or less.`;
  return null;
}

/** @param {Element} element @param {ControlContext} context */
function listeners(element, { onType, onEnter }) {
  return {
    input: onType,
    keydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || element.multiline || event.isComposing) return;
      if (onEnter()) event.preventDefault();
    },
  };
}

const PICKERS = {
  datepicker: { type: "date", initial: "initial_date", selected: "selected_date" },
  timepicker: { type: "time", initial: "initial_time", selected: "selected_time" },
};

/** @param {Element} element @param {ControlContext} context @returns {Control|null} */
function pickerControl(element, { onChange }) {
  const kind = PICKERS[/** @type {keyof typeof PICKERS} */ (element.type)];
  if (!kind) return null;
  const node = el("input", {
    class: "input input-date",
    type: kind.type,
    on: { change: onChange },
  });
  node.value = element[kind.initial] ?? "";
  return {
    node,
    focus: node,
    read: () => ({ type: element.type, [kind.selected]: node.value || null }),
    write: (value) => {
      node.value = value[kind.selected] ?? "";
    },
  };
}

/** Nothing typed, picked or ticked. @param {StateValue} value */
export function isEmpty(value) {
  return Object.entries(value).every(
    ([name, held]) =>
      name === "type" || held === null || (Array.isArray(held) && held.length === 0),
  );
}
