/** Slack's options and lists of people and places as the choices of a combobox. */

/** @typedef {import("./combobox.js").Choice} Choice */
/** @typedef {import("./combobox.js").ChoiceGroup} ChoiceGroup */
/** @typedef {import("./combobox.js").Source} Source */
/** @typedef {import("./types.js").Option} Option */
/** @typedef {import("./types.js").OptionGroup} OptionGroup */
/** @typedef {import("./types.js").Element} Element */
/** @typedef {import("./workspace.js").Workspace} Workspace */

import { isDirect } from "./workspace.js";

/** @param {Option} option @returns {Choice} */
export function optionChoice(option) {
  return {
    label: option.text.text,
    value: option.value,
    detail: option.description?.text,
    payload: option,
  };
}

/** @param {{[key: string]: any}} holder of `options` or `option_groups` @returns {ChoiceGroup[]} */
export function choiceGroups({ options, option_groups: groups }) {
  if (!groups) return [{ choices: (options ?? []).map(optionChoice) }];
  return groups.map((/** @type {OptionGroup} */ group) => ({
    label: group.label.text,
    choices: group.options.map(optionChoice),
  }));
}

/**
 * Every group, with only the choices that hold all words of the query.
 *
 * @param {ChoiceGroup[]} groups
 * @returns {Source}
 */
export function searchable(groups) {
  return (query) => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    /** @param {Choice} choice */
    const fits = ({ label, detail = "" }) => {
      const text = `${label} ${detail}`.toLowerCase();
      return words.every((word) => text.includes(word));
    };
    return groups.map(({ label, choices }) => ({ label, choices: choices.filter(fits) }));
  };
}

/** @param {Workspace} workspace @returns {Choice[]} */
export function userChoices(workspace) {
  return [...workspace.users.values()].map((user) => ({
    label: user.real_name || user.name,
    value: user.id,
    payload: user.id,
  }));
}

/** Public channels. @param {Workspace} workspace @returns {Choice[]} */
export function channelChoices(workspace) {
  const open = workspace.myChannels.filter(
    (channel) => channel.kind === "channel" && !channel.is_archived,
  );
  return open.map((channel) => conversation(channel, workspace));
}

const INCLUDED = { channel: "public", private: "private", mpim: "mpim", im: "im" };

/**
 * Every conversation that the element's `filter` lets through.
 *
 * @param {Workspace} workspace
 * @param {Element} element
 * @returns {Choice[]}
 */
export function conversationChoices(workspace, { filter = {} }) {
  /** @param {import("./types.js").Channel} channel */
  const fits = (channel) =>
    !channel.is_archived &&
    (filter.include?.includes(INCLUDED[channel.kind]) ?? true) &&
    !(filter.exclude_bot_users && channel.user) &&
    !(filter.exclude_external_shared_channels && channel.is_shared);
  return [...workspace.myChannels, ...workspace.myDirectMessages]
    .filter(fits)
    .map((channel) => conversation(channel, workspace));
}

/** @param {import("./types.js").Channel} channel @param {Workspace} workspace @returns {Choice} */
function conversation(channel, workspace) {
  const title = workspace.titleOf(channel);
  const label = isDirect(channel) ? title : `#${title}`;
  return { label, value: channel.id, payload: channel.id };
}
