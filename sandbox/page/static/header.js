/** The line above a conversation: its name, its topic, its members; for the app, its tabs. */

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { avatar, nameOf } from "./people.js";
import { openPopover } from "./popover.js";
import { HOME, isDirect, JUDGE } from "./workspace.js";

/** @typedef {import("./types.js").Channel} Channel */
/** @typedef {import("./workspace.js").Workspace} Workspace */

/**
 * @typedef {object} HeaderActions
 * @property {(place: string) => void} go
 * @property {() => void} openSidebar
 * @property {(channel: string) => void} invite
 */

/**
 * @param {HTMLElement} node
 * @param {Workspace} workspace
 * @param {HeaderActions} actions
 */
export function renderHeader(node, workspace, actions) {
  const menu = el(
    "button",
    {
      type: "button",
      class: "tool menu-button",
      "aria-label": "Open the sidebar",
      on: { click: actions.openSidebar },
    },
    icon("menu"),
  );
  const channel = workspace.channels.get(workspace.place);
  const withBot = workspace.place === HOME || channel?.id === workspace.botChannel?.id;
  node.classList.toggle("header-tabbed", withBot);
  if (withBot) node.replaceChildren(menu, ...appHeader(workspace, actions));
  else if (workspace.place === JUDGE) node.replaceChildren(menu, judgingHeader());
  else if (channel) node.replaceChildren(menu, ...channelHeader(channel, workspace, actions));
}

/**
 * @param {Channel} channel
 * @param {Workspace} workspace
 * @param {HeaderActions} actions
 */
function channelHeader(channel, workspace, actions) {
  const mark =
    isDirect(channel)
      ? null
      : icon(channel.is_archived ? "archive" : channel.kind === "private" ? "lock" : "hash");
  const count = channel.members.length;
  const members = el(
    "button",
    {
      type: "button",
      class: "members-button",
      "aria-label": `${count} members`,
      dataset: { members: "" },
      on: { click: () => openMembers(members, channel, workspace, actions) },
    },
    icon("people"),
    String(count),
  );
  return [
    el(
      "div",
      { class: "header-title" },
      el("h1", {}, mark, workspace.titleOf(channel)),
      channel.topic && el("span", { class: "header-topic", title: channel.topic }, channel.topic),
    ),
    members,
  ];
}

function judgingHeader() {
  return el("div", { class: "header-title" }, el("h1", {}, icon("scales"), "Judge answers"));
}

/** @param {Workspace} workspace @param {HeaderActions} actions */
function appHeader(workspace, actions) {
  const { bot, botUser, botChannel } = workspace;
  /** @param {string} label @param {string} place @param {Record<string, string>} dataset */
  const tab = (label, place, dataset) =>
    el(
      "button",
      {
        type: "button",
        class: "tab",
        "aria-current": workspace.place === place ? "page" : undefined,
        dataset,
        on: { click: () => actions.go(place) },
      },
      label,
    );
  return [
    el(
      "div",
      { class: "header-title" },
      el(
        "h1",
        {},
        avatar({ name: bot.name, color: botUser.color, is_bot: true }, "small"),
        bot.name,
        el("span", { class: "badge" }, "APP"),
      ),
    ),
    el(
      "nav",
      { class: "tabs", "aria-label": bot.name },
      bot.home_tab && tab("Home", HOME, { tab: "home" }),
      botChannel && tab("Messages", botChannel.id, { tab: "messages" }),
    ),
  ];
}

/**
 * @param {HTMLElement} anchor
 * @param {Channel} channel
 * @param {Workspace} workspace
 * @param {HeaderActions} actions
 */
function openMembers(anchor, channel, workspace, actions) {
  const invite = () => {
    close();
    actions.invite(channel.id);
  };
  const missing = !isDirect(channel) && !channel.bot_is_member && !channel.is_archived;
  const rows = channel.members
    .map((id) => workspace.users.get(id))
    .filter((user) => user !== undefined)
    .map((user) =>
      el(
        "li",
        { class: "member" },
        avatar({ name: nameOf(user), color: user.color, is_bot: user.is_bot }, "medium"),
        nameOf(user),
        user.is_bot && el("span", { class: "badge" }, "APP"),
        user.id === workspace.me && el("span", { class: "member-note" }, "you"),
      ),
    );
  const content = el(
    "div",
    { class: "members" },
    el("div", { class: "menu-title" }, "Members"),
    el("ul", {}, rows),
    missing &&
      el(
        "button",
        { type: "button", class: "button", dataset: { invite: "" }, on: { click: invite } },
        `Add ${workspace.bot.name}`,
      ),
  );
  const close = openPopover(anchor, content, { alignEnd: true });
}
