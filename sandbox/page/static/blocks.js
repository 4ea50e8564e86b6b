/** Block Kit's layout blocks as DOM. */

import { renderChart } from "./chart.js";
import { arrange, el, patchChildren, uniqueId } from "./dom.js";
import { attachControl, renderElement } from "./elements.js";
import { renderMarkdown } from "./markdown.js";
import { renderMrkdwn } from "./mrkdwn.js";
import { renderRichText } from "./rich-text.js";
import { renderTable } from "./table.js";
import { renderText } from "./text.js";

/** @typedef {import("./types.js").Block} Block */
/** @typedef {import("./types.js").Text} Text */
/** @typedef {import("./types.js").Element} Element */
/** @typedef {import("./elements.js").BlockContext} BlockContext */
/** @typedef {import("./controls.js").Control} Control */
/** @typedef {(block: Block, context: BlockContext) => HTMLElement} Renderer */

/** @type {Record<string, Renderer>} */
const RENDERERS = {
  section,
  context: contextBlock,
  actions,
  context_actions: actions,
  input,
  divider: () => el("hr", { class: "block-divider" }),
  header: (block, { workspace }) =>
    el("h3", { class: "block-header" }, renderText(block.text, workspace)),
  image: (block) => image(block),
  markdown: (block, { workspace }) =>
    el("div", { class: "rich" }, renderMarkdown(block.text, workspace)),
  rich_text: (block, { workspace }) =>
    el("div", { class: "rich" }, renderRichText(block, workspace)),
  table: (block, { workspace }) => renderTable(block, workspace),
  data_visualization: renderChart,
};

/** Blocks without listeners: an update may change them node by node. */
const PASSIVE = new Set(["markdown", "context", "header", "rich_text", "table", "data_visualization"]);

/** @param {Block} block @param {BlockContext} context */
function renderBlock(block, context) {
  const render = RENDERERS[block.type];
  const node = render
    ? render(block, context)
    : el("div", { class: "unsupported" }, `(${block.type} blocks are not shown here)`);
  node.classList.add("block", `block-${block.type}`);
  return node;
}

/** The blocks of one message or view; an update touches only those that changed. */
export class BlockList {
  /** @type {Map<string, {node: HTMLElement, block: Block, json: string}>} */
  #shown = new Map();

  /**
   * @param {HTMLElement} container
   * @param {BlockContext} context
   * @param {(block: Block, index: number) => string} keyOf
   */
  constructor(container, context, keyOf) {
    this.container = container;
    this.context = context;
    this.keyOf = keyOf;
  }

  /** @param {Block[]} blocks */
  update(blocks) {
    const before = this.#shown;
    this.#shown = new Map();
    blocks.forEach((block, index) => {
      const wanted = this.keyOf(block, index);
      const key = this.#shown.has(wanted) ? `${wanted}#${index}` : wanted;
      this.#shown.set(key, this.#renew(before.get(key), block));
    });
    arrange(
      this.container,
      [...this.#shown.values()].map(({ node }) => node),
    );
  }

  /** @param {{node: HTMLElement, block: Block, json: string}|undefined} old @param {Block} block */
  #renew(old, block) {
    const json = JSON.stringify({ ...block, block_id: undefined });
    if (old?.json === json) {
      // Slack names a nameless block anew at each edit; its buttons stay and report the new name.
      old.block.block_id = block.block_id;
      return old;
    }
    const node = renderBlock(block, this.context);
    if (!old || old.block.type !== block.type || !PASSIVE.has(block.type))
      return { node, block, json };
    patchChildren(old.node, node);
    return { node: old.node, block, json };
  }
}

/** @param {Block} block @param {BlockContext} context */
function section(block, context) {
  const { workspace } = context;
  const body = el("div", { class: "section-body" });
  if (block.text) body.append(el("div", { class: "rich" }, renderText(block.text, workspace)));
  if (block.fields) {
    /** @param {Text} field */
    const cell = (field) => el("div", { class: "rich" }, renderText(field, workspace));
    body.append(el("div", { class: "section-fields" }, block.fields.map(cell)));
  }
  const accessory = block.accessory && renderElement(block.accessory, block, context);
  return el("div", {}, body, accessory && el("div", { class: "section-accessory" }, accessory));
}

/** @param {Block} block @param {BlockContext} context */
function contextBlock(block, context) {
  /** @param {Element|Text} part */
  const piece = (part) =>
    part.type === "image"
      ? renderElement(part, block, context)
      : el("span", { class: "rich" }, renderText(/** @type {Text} */ (part), context.workspace));
  return el("div", {}, block.elements.map(piece));
}

/** @param {Block} block @param {BlockContext} context */
function actions(block, context) {
  return el(
    "div",
    {},
    block.elements.map((/** @type {Element} */ element) => renderElement(element, block, context)),
  );
}

/** Pictures are not fetched: what they show is said. @param {Block} block */
function image(block) {
  return el(
    "div",
    {},
    el("span", { class: "image-alt" }, block.title?.text ?? block.alt_text ?? ""),
  );
}

/**
 * A field: its label, its control, a hint, and room for what is wrong.
 *
 * @param {Block} block
 * @param {BlockContext} context
 */
function input(block, context) {
  const dispatch = block.dispatch_action === true;
  const control = attachControl(block.element, block, context, dispatch);
  const label = uniqueId("label");
  const notes = uniqueId("notes");
  const group = control?.node.role !== null;
  const node = el(
    group ? "div" : "label",
    {
      class: "field",
      for: group ? undefined : control?.focus.id,
      dataset: { blockId: block.block_id ?? "" },
    },
    el(
      "span",
      { class: "field-label", id: label },
      renderText(block.label, context.workspace),
      block.optional && el("span", { class: "field-optional" }, " (optional)"),
    ),
    control?.node ?? renderElement(block.element, block, context),
    el(
      "span",
      { class: "field-notes", id: notes },
      el("span", { class: "field-error", role: "alert" }),
      block.hint && el("span", { class: "field-hint" }, renderText(block.hint, context.workspace)),
    ),
  );
  control?.focus.setAttribute("aria-labelledby", label);
  control?.focus.setAttribute("aria-describedby", notes);
  return node;
}

/**
 * The plain words of a message: rendered when it has no blocks.
 *
 * @param {string} text
 * @param {import("./workspace.js").Workspace} workspace
 */
export function renderPlain(text, workspace) {
  return el("div", { class: "rich" }, renderMrkdwn(text, workspace));
}
