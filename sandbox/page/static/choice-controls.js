/** Selects: from options, from a server, of people and places; one or several. */

import { Combobox } from "./combobox.js";
import {
  channelChoices,
  choiceGroups,
  conversationChoices,
  optionChoice,
  searchable,
  userChoices,
} from "./options.js";

/** @typedef {import("./types.js").Element} Element */
/** @typedef {import("./controls.js").Control} Control */
/** @typedef {import("./controls.js").ControlContext} ControlContext */
/** @typedef {import("./combobox.js").Choice} Choice */
/** @typedef {import("./combobox.js").ChoiceGroup} ChoiceGroup */

const KINDS = ["static", "external", "users", "conversations", "channels"];
const NOUNS = { users: "user", conversations: "conversation", channels: "channel" };

/** @param {Element} element @param {ControlContext} context @returns {Control|null} */
export function choiceControl(element, context) {
  const match = /^(multi_)?(\w+)_select$/.exec(element.type);
  if (!match || !KINDS.includes(match[2])) return null;
  const multiple = match[1] !== undefined;
  const kind = match[2];
  const noun = NOUNS[/** @type {keyof typeof NOUNS} */ (kind)] ?? "option";
  const field = multiple ? `${noun}s` : noun;
  const groups = localGroups(kind, element, context);
  const box = new Combobox({
    source: groups ? searchable(groups) : context.suggest,
    remote: !groups,
    minQuery: groups ? 0 : (element.min_query_length ?? 3),
    placeholder: element.placeholder?.text,
    multiple,
    clearable: context.optional,
    max: element.max_selected_items,
    onChange: context.onChange,
  });
  box.selected = initialChoices(element, field, groups);
  return {
    node: box.node,
    focus: box.input,
    read: () => {
      const held = box.selected.map(({ payload }) => payload);
      return { type: element.type, [`selected_${field}`]: multiple ? held : (held[0] ?? null) };
    },
    write: (value) => {
      const held = value[`selected_${field}`];
      const wanted = multiple ? held : [held];
      box.selected = wanted
        .filter(Boolean)
        .map((/** @type {any} */ payload) => choiceOf(payload, groups))
        .filter(Boolean);
    },
  };
}

/**
 * The choices this page knows itself; null when a server is to be asked.
 *
 * @param {string} kind
 * @param {Element} element
 * @param {ControlContext} context
 * @returns {ChoiceGroup[]|null}
 */
function localGroups(kind, element, { workspace }) {
  if (kind === "static") return choiceGroups(element);
  if (kind === "users") return [{ choices: userChoices(workspace) }];
  if (kind === "channels") return [{ choices: channelChoices(workspace) }];
  if (kind === "conversations") return [{ choices: conversationChoices(workspace, element) }];
  return null;
}

/**
 * @param {Element} element
 * @param {string} field
 * @param {ChoiceGroup[]|null} groups
 * @returns {Choice[]}
 */
function initialChoices(element, field, groups) {
  const given = element[`initial_${field}`] ?? [];
  return [given]
    .flat()
    .map((payload) => choiceOf(payload, groups))
    .filter((choice) => choice !== null);
}

/**
 * The choice with this payload, if it can (still) be made.
 *
 * @param {any} payload
 * @param {ChoiceGroup[]|null} groups
 * @returns {Choice|null}
 */
function choiceOf(payload, groups) {
  if (!groups) return optionChoice(payload);
  const value = typeof payload === "string" ? payload : payload.value;
  return groups.flatMap(({ choices }) => choices).find((choice) => choice.value === value) ?? null;
}
