/** What `<…>` stands for in Slack's text: people, channels, pings, dates and links. */

import { el, link } from "./dom.js";

/** @typedef {import("./workspace.js").Workspace} Workspace */

/** Plain words that Slack's parser turns into a ping of everybody. */
export const PING_WORD = /(?<![\w@.])@(?<ping>here|channel|everyone)\b/;

/** Undo Slack's three escapes. @param {string} text */
export function unescapeText(text) {
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

/**
 * A ping of many, drawn loudly: a bot that lets one through must not go unseen.
 *
 * @param {string} name
 */
export function ping(name) {
  return el("strong", { class: "ping", dataset: { ping: name } }, `@${name}`);
}

/** @param {string} id @param {Workspace} workspace */
export function userMention(id, workspace) {
  const user = workspace.users.get(id);
  const mine = id === workspace.me ? " mention-me" : "";
  return el("span", { class: `mention${mine}`, dataset: { mention: id } }, `@${user?.name ?? id}`);
}

/** @param {string} id @param {string|undefined} label @param {Workspace} workspace */
export function channelMention(id, label, workspace) {
  const name = workspace.channels.get(id)?.name ?? label ?? id;
  return el("a", { class: "mention", href: `#${id}/${workspace.me}` }, `#${name}`);
}

/**
 * The node for what stands between `<` and `>`, or null when that is none of Slack's references.
 *
 * @param {string} body
 * @param {Workspace} workspace
 * @returns {Node|null}
 */
export function reference(body, workspace) {
  const bar = body.indexOf("|");
  const target = unescapeText(bar < 0 ? body : body.slice(0, bar));
  const label = bar < 0 ? undefined : unescapeText(body.slice(bar + 1));
  if (/^@[UWB][A-Z0-9]*$/.test(target)) return userMention(target.slice(1), workspace);
  if (/^#[CGD][A-Z0-9]*$/.test(target)) return channelMention(target.slice(1), label, workspace);
  if (/^!(here|channel|everyone)$/.test(target)) return ping(target.slice(1));
  if (target.startsWith("!subteam^")) return ping(label?.replace(/^@/, "") || "group");
  if (target.startsWith("!date^")) return document.createTextNode(label ?? "");
  if (/^[a-z][a-z0-9+.-]*:\S+$/i.test(target)) {
    return link(target, label || target.replace(/^mailto:/, ""));
  }
  return null;
}
