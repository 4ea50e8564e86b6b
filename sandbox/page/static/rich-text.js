/** `rich_text` blocks, as Slack's own composer makes them. */

import { el, fragment, link } from "./dom.js";
import { emoji } from "./emoji.js";
import { channelMention, ping, userMention } from "./references.js";

/** @typedef {import("./workspace.js").Workspace} Workspace */
/** @typedef {{type: string, [key: string]: any}} Part */

/**
 * @param {{[key: string]: any}} block with `elements`
 * @param {Workspace} workspace
 * @returns {DocumentFragment}
 */
export function renderRichText(block, workspace) {
  return fragment((block.elements ?? []).map((/** @type {Part} */ part) => piece(part, workspace)));
}

/** @param {Part} part @param {Workspace} workspace @returns {Node} */
function piece(part, workspace) {
  const inline = () =>
    (part.elements ?? []).map((/** @type {Part} */ child) => run(child, workspace));
  if (part.type === "rich_text_preformatted") return el("pre", {}, el("code", {}, inline()));
  if (part.type === "rich_text_quote") return el("blockquote", {}, inline());
  if (part.type === "rich_text_list") return list(part, workspace);
  return el("p", {}, inline());
}

/** @param {Part} part @param {Workspace} workspace */
function list(part, workspace) {
  const items = (part.elements ?? []).map((/** @type {Part} */ item) =>
    el(
      "li",
      {},
      (item.elements ?? []).map((/** @type {Part} */ child) => run(child, workspace)),
    ),
  );
  const node =
    part.style === "ordered"
      ? el("ol", { start: 1 + (part.offset ?? 0) }, items)
      : el("ul", {}, items);
  if (part.indent) node.style.marginInlineStart = `${part.indent * 1.6}em`;
  return node;
}

/** @param {Part} part @param {Workspace} workspace @returns {Node} */
function run(part, workspace) {
  if (part.type === "text") return styled(part.text, part.style ?? {});
  if (part.type === "link") return link(part.url, styled(part.text ?? part.url, part.style ?? {}));
  if (part.type === "user") return userMention(part.user_id, workspace);
  if (part.type === "channel") return channelMention(part.channel_id, undefined, workspace);
  if (part.type === "broadcast") return ping(part.range);
  if (part.type === "usergroup") return ping(part.usergroup_id);
  if (part.type === "emoji") return document.createTextNode(emoji(part.name) ?? `:${part.name}:`);
  return document.createTextNode(part.text ?? "");
}

/** @param {string} text @param {Record<string, boolean>} style @returns {Node} */
function styled(text, style) {
  /** @type {Node} */
  let node = document.createTextNode(text);
  if (style.code) node = el("code", {}, node);
  if (style.strike) node = el("s", {}, node);
  if (style.italic) node = el("em", {}, node);
  if (style.bold) node = el("strong", {}, node);
  return node;
}
