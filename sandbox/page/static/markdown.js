/** `markdown` blocks as DOM. Nodes are built from markdown-it's tokens, never from HTML. */

import MarkdownIt from "./vendor/markdown-it.js";
import { el, fragment, link } from "./dom.js";
import { PING_WORD, ping, reference } from "./references.js";

/** @typedef {import("./workspace.js").Workspace} Workspace */

/**
 * What is read of one of markdown-it's tokens.
 *
 * @typedef {object} Token
 * @property {string} type
 * @property {string} tag
 * @property {-1|0|1} nesting it closes an element, stands alone, opens one
 * @property {string} content
 * @property {string} info the language of a fence
 * @property {boolean} hidden
 * @property {Token[]|null} children
 * @property {(name: string) => string|null} attrGet
 */

const TAGS = new Set(
  "p h1 h2 h3 h4 h5 h6 ul ol li blockquote table thead tbody tr th td strong em s".split(" "),
);
const REFERENCE = new RegExp(`<(?<angle>[@#!][^<>\\n]+)>|${PING_WORD.source}`, "g");

const parser = MarkdownIt({ html: false, linkify: true, breaks: true });
// A bare "README.md" is a file name, not a site in Moldova.
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
// Kept apart, an escaped "&lt;!here&gt;" is text and "<!here>" is the ping it would be in Slack.
parser.core.ruler.disable("text_join");

/**
 * @param {string} text
 * @param {Workspace} workspace
 * @returns {DocumentFragment}
 */
export function renderMarkdown(text, workspace) {
  const out = fragment();
  build(parser.parse(text, {}), out, workspace);
  return out;
}

/** @param {Token[]} tokens @param {Node} root @param {Workspace} workspace */
function build(tokens, root, workspace) {
  /** @type {Node[]} */
  const stack = [root];
  for (const token of tokens) {
    const parent = stack[stack.length - 1];
    if (token.nesting === 1) stack.push(open(token, parent));
    else if (token.nesting === -1) stack.pop();
    else if (token.type === "inline") build(token.children ?? [], parent, workspace);
    else leaf(token, parent, workspace);
  }
}

/**
 * Open an element below `parent` and say where its children go.
 *
 * @param {Token} token
 * @param {Node} parent
 */
function open(token, parent) {
  if (token.type === "link_open") return appended(parent, link(token.attrGet("href") ?? ""));
  if (token.hidden || !TAGS.has(token.tag)) return parent;
  const align = /text-align:(\w+)/.exec(token.attrGet("style") ?? "")?.[1];
  const node = el(/** @type {"p"} */ (token.tag), {
    class: align && `align-${align}`,
    start: token.attrGet("start"),
  });
  const scroller = token.tag === "table" ? el("div", { class: "table-scroll" }, node) : node;
  parent.appendChild(scroller);
  return node;
}

/** @template {Node} T @param {Node} parent @param {T} node @returns {T} */
function appended(parent, node) {
  parent.appendChild(node);
  return node;
}

/** @param {Token} token @param {Node} parent @param {Workspace} workspace */
function leaf(token, parent, workspace) {
  if (token.type === "text") return words(token.content, parent, workspace);
  if (token.type === "softbreak" || token.type === "hardbreak") return appended(parent, el("br"));
  if (token.type === "code_inline") return appended(parent, el("code", {}, token.content));
  if (token.type === "fence" || token.type === "code_block") return appended(parent, code(token));
  if (token.type === "hr") return appended(parent, el("hr"));
  if (token.type === "image") return appended(parent, image(token));
  return appended(parent, document.createTextNode(token.content));
}

/** @param {Token} token */
function code(token) {
  const language = token.info.trim().split(/\s+/)[0];
  const body = el("code", {}, token.content.replace(/\n$/, ""));
  return el("pre", { dataset: language ? { language } : {} }, body);
}

/** Pictures are not fetched: a link says where one would come from. @param {Token} token */
function image(token) {
  const src = token.attrGet("src") ?? "";
  return link(src, token.content || src);
}

/** @param {string} text @param {Node} parent @param {Workspace} workspace */
function words(text, parent, workspace) {
  if (parent instanceof HTMLAnchorElement) {
    // `<https://…|label>` is Slack's form of a link; markdown-it takes it whole for an address.
    const bar = /^([a-z]+:[^|\s]+)\|(.+)$/i.exec(text);
    if (bar) parent.setAttribute("href", bar[1]);
    if (bar) text = bar[2];
  }
  const task =
    parent instanceof HTMLLIElement && !parent.hasChildNodes() && /^\[([ xX])\] /.exec(text);
  if (task) parent.appendChild(checkbox(task[1] !== " "));
  const start = task ? task[0].length : 0;
  let end = start;
  for (const match of text.slice(start).matchAll(REFERENCE)) {
    const at = match.index + start;
    const { angle = "", ping: word = "" } = match.groups ?? {};
    const node = word ? ping(word) : reference(angle, workspace);
    parent.appendChild(document.createTextNode(text.slice(end, at)));
    parent.appendChild(node ?? document.createTextNode(match[0]));
    end = at + match[0].length;
  }
  parent.appendChild(document.createTextNode(text.slice(end)));
}

/** @param {boolean} done */
function checkbox(done) {
  return el("input", { type: "checkbox", class: "task", disabled: true, checked: done });
}
