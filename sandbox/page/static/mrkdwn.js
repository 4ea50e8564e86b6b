/**
 * Slack's own markup ("mrkdwn") as DOM: `*bold*`, `_italic_`, `~strike~`, code, quotes, `<links>`.
 */

import { el, fragment, link } from "./dom.js";
import { emoji } from "./emoji.js";
import { PING_WORD, ping, reference, unescapeText } from "./references.js";

/** @typedef {import("./workspace.js").Workspace} Workspace */

const FENCE = /```\n?([\s\S]+?)\n?```/;
const INLINE = new RegExp(
  [
    /`(?<code>[^`\n]+)`/,
    /<(?<angle>[^<>\n]+)>/,
    /(?<![\w*])\*(?<bold>[^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])/,
    /(?<![\w_])_(?<italic>[^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])/,
    /(?<![\w~])~(?<strike>[^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])/,
    /:(?<emoji>[a-z0-9_+-]+):/,
    /(?<url>https?:\/\/[^\s<>|]+[^\s<>|.,;:!?)'"\]])/,
    PING_WORD,
  ]
    .map((part) => part.source)
    .join("|"),
  "g",
);

/**
 * @param {string} text as Slack sends it: `&`, `<` and `>` of the author are escaped
 * @param {Workspace} workspace
 * @returns {DocumentFragment}
 */
export function renderMrkdwn(text, workspace) {
  const out = fragment();
  let rest = text;
  for (let match = FENCE.exec(rest); match; match = FENCE.exec(rest)) {
    out.append(quotesAndLines(rest.slice(0, match.index).replace(/\n$/, ""), workspace));
    out.append(el("pre", {}, el("code", {}, unescapeText(stripAngles(match[1])))));
    rest = rest.slice(match.index + match[0].length).replace(/^\n/, "");
  }
  out.append(quotesAndLines(rest, workspace));
  return out;
}

/** Inside code Slack shows what a link or a mention is written as. @param {string} code */
function stripAngles(code) {
  return code.replace(/<(?:[^<>|\n]+\|)?([^<>|\n]+)>/g, "$1");
}

/** @param {string} text @param {Workspace} workspace */
function quotesAndLines(text, workspace) {
  const out = fragment();
  /** @type {{quoted: boolean, lines: string[]}[]} */
  const groups = [];
  for (const line of text === "" ? [] : text.split("\n")) {
    const quote = /^(?:&gt;|>) ?(.*)$/.exec(line);
    const quoted = quote !== null;
    const last = groups.at(-1);
    if (last && last.quoted === quoted) last.lines.push(quote ? quote[1] : line);
    else groups.push({ quoted, lines: [quote ? quote[1] : line] });
  }
  for (const { quoted, lines } of groups) {
    const content = renderInline(lines.join("\n"), workspace);
    out.append(quoted ? el("blockquote", {}, content) : content);
  }
  return out;
}

/** @param {string} text @param {Workspace} workspace @returns {DocumentFragment} */
function renderInline(text, workspace) {
  const out = fragment();
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    out.append(unescapeText(text.slice(end, match.index)));
    out.append(inlineNode(match, workspace));
    end = match.index + match[0].length;
  }
  out.append(unescapeText(text.slice(end)));
  out.normalize();
  return out;
}

/** @param {RegExpMatchArray} match @param {Workspace} workspace @returns {Node} */
function inlineNode(match, workspace) {
  const part = match.groups ?? {};
  const asWritten = () => document.createTextNode(unescapeText(match[0]));
  if (part.code) return el("code", {}, unescapeText(stripAngles(part.code)));
  if (part.angle) return reference(part.angle, workspace) ?? asWritten();
  if (part.bold) return el("strong", {}, renderInline(part.bold, workspace));
  if (part.italic) return el("em", {}, renderInline(part.italic, workspace));
  if (part.strike) return el("s", {}, renderInline(part.strike, workspace));
  if (part.url) return link(unescapeText(part.url), unescapeText(part.url));
  if (part.ping) return ping(part.ping);
  if (part.emoji) return document.createTextNode(emoji(part.emoji) ?? match[0]);
  return asWritten();
}
