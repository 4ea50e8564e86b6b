/** What can be clicked or chosen inside a block, and how a click reaches the app. */

import { confirm } from "./confirm.js";
import { createControl } from "./controls.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { choiceGroups } from "./options.js";
import { openMenu } from "./popover.js";
import { renderText } from "./text.js";

/** @typedef {import("./types.js").Block} Block */
/** @typedef {import("./types.js").Element} Element */
/** @typedef {import("./types.js").Option} Option */
/** @typedef {import("./types.js").Reply} Reply */
/** @typedef {import("./controls.js").Control} Control */

/**
 * Where blocks are shown, and what becomes of what is done in them.
 *
 * @typedef {object} BlockContext
 * @property {import("./workspace.js").Workspace} workspace
 * @property {(action: import("./api.js").Action) => Promise<Reply>} act
 * @property {(block_id: string, action_id: string, query: string) => Promise<Reply>} suggest
 * @property {(block: Block, element: Element, control: Control) => void} [onControl]
 */

/**
 * @param {Element} element
 * @param {Block} block
 * @param {BlockContext} context
 * @returns {HTMLElement}
 */
export function renderElement(element, block, context) {
  if (element.type === "button") return button(element, block, context);
  if (element.type === "feedback_buttons") return feedback(element, block, context);
  if (element.type === "overflow") return overflow(element, block, context);
  if (element.type === "image") return el("span", { class: "image-alt" }, element.alt_text ?? "");
  const control = attachControl(element, block, context, true);
  if (control) return control.node;
  return el("span", { class: "unsupported" }, `(${element.type} is not shown here)`);
}

/**
 * A control that tells the app of its changes when `dispatch` is set.
 *
 * @param {Element} element
 * @param {Block} block
 * @param {BlockContext} context
 * @param {boolean} dispatch
 */
export function attachControl(element, block, context, dispatch) {
  const triggers = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  let before = /** @type {import("./types.js").StateValue|null} */ (null);
  const changed = async () => {
    if (!dispatch || !control) return;
    const now = control.read();
    if (!(await agreed(element, context))) return before && control.write(before);
    before = now;
    await context.act({ ...ids(block, element), selected: now });
  };
  const control = createControl(element, {
    workspace: context.workspace,
    optional: block.optional === true,
    suggest: async (query) => {
      const reply = await context.suggest(block.block_id ?? "", element.action_id ?? "", query);
      return reply.ok ? choiceGroups(reply) : null;
    },
    onChange: () => void changed(),
    onType: () => triggers.includes("on_character_entered") && void changed(),
    onEnter: () => {
      const told = dispatch && triggers.includes("on_enter_pressed");
      if (told) void changed();
      return told;
    },
  });
  if (!control) return null;
  before = control.read();
  context.onControl?.(block, element, control);
  return control;
}

/** @param {Block} block @param {Element} element */
function ids(block, element) {
  return { block_id: block.block_id ?? "", action_id: element.action_id ?? "" };
}

/** @param {Element} element @param {BlockContext} context */
async function agreed(element, { workspace }) {
  if (!element.confirm) return true;
  const { title, text, confirm: yes, deny, style } = element.confirm;
  return confirm({
    title: title.text,
    text: renderText(text, workspace),
    yes: yes.text,
    no: deny.text,
    danger: style === "danger",
  });
}

/** @param {Element} element @param {Block} block @param {BlockContext} context */
function button(element, block, context) {
  const style = element.style ? ` button-${element.style}` : "";
  const node = el(
    "button",
    {
      type: "button",
      class: `button${style}`,
      dataset: { actionId: element.action_id ?? "" },
      "aria-label": element.accessibility_label,
      on: { click: () => void click() },
    },
    element.text.text,
  );
  const click = async () => {
    if (!(await agreed(element, context))) return;
    if (/^https?:\/\//i.test(element.url ?? "")) window.open(element.url, "_blank", "noopener");
    node.classList.add("is-busy");
    await context.act({ ...ids(block, element), value: element.value });
    node.classList.remove("is-busy");
  };
  return node;
}

/**
 * Two thumbs; the one that was pressed last stays marked.
 *
 * @param {Element} element
 * @param {Block} block
 * @param {BlockContext} context
 */
function feedback(element, block, context) {
  const both = [element.positive_button, element.negative_button].map((half, index) => {
    const node = el(
      "button",
      {
        type: "button",
        class: "button button-icon button-thumb",
        title: half.text.text,
        "aria-label": half.accessibility_label ?? half.text.text,
        "aria-pressed": "false",
        dataset: { actionId: element.action_id ?? "", value: half.value },
        on: { click: () => void press(node, half.value) },
      },
      icon("thumb"),
    );
    if (index) node.classList.add("button-thumb-down");
    return node;
  });
  /** @param {HTMLElement} node @param {string} value */
  const press = async (node, value) => {
    const reply = await context.act({ ...ids(block, element), value });
    if (!reply.ok) return;
    for (const each of both) each.setAttribute("aria-pressed", String(each === node));
  };
  return el("span", { class: "thumbs" }, both);
}

/** @param {Element} element @param {Block} block @param {BlockContext} context */
function overflow(element, block, context) {
  /** @param {Option} option */
  const choose = async (option) => {
    if (!(await agreed(element, context))) return;
    if (/^https?:\/\//i.test(option.url ?? "")) window.open(option.url, "_blank", "noopener");
    const selected = { type: element.type, selected_option: option };
    await context.act({ ...ids(block, element), selected });
  };
  const node = el(
    "button",
    {
      type: "button",
      class: "button button-icon",
      "aria-label": "More options",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      dataset: { actionId: element.action_id ?? "" },
      on: {
        click: () =>
          openMenu(node, [{ items: (element.options ?? []).map(item) }], { alignEnd: true }),
      },
    },
    icon("more"),
  );
  /** @param {Option} option */
  const item = (option) => ({
    label: option.text.text,
    detail: option.description?.text,
    dataset: { value: option.value },
    run: () => void choose(option),
  });
  return node;
}
