/** The blocks of a view, and what was filled into them. */

import { BlockList } from "./blocks.js";
import { isEmpty } from "./controls.js";

/** @typedef {import("./types.js").View} View */
/** @typedef {import("./types.js").Block} Block */
/** @typedef {import("./types.js").StateValues} StateValues */
/** @typedef {import("./controls.js").Control} Control */
/** @typedef {import("./elements.js").BlockContext} BlockContext */

/**
 * @typedef {object} Field
 * @property {string} block_id
 * @property {string} action_id
 * @property {string} type of the element
 * @property {boolean} required
 * @property {boolean} onLoad whether the cursor goes there once it is shown
 * @property {Control} control
 */

export class ViewForm {
  /** @type {Map<string, Field>} */ #fields = new Map();

  /** @param {HTMLElement} container @param {BlockContext} context */
  constructor(container, context) {
    this.container = container;
    const onControl = this.#register.bind(this);
    const named = {
      ...context,
      act: (/** @type {import("./api.js").Action} */ action) =>
        context.act({ ...action, values: this.values() }),
    };
    this.blocks = new BlockList(
      container,
      { ...named, onControl },
      (block, i) => block.block_id ?? `${i}`,
    );
  }

  /**
   * Show another state of the view. What was filled in stays where block and action are the
   * same; a new field shows what the server says it holds.
   *
   * @param {View} view
   */
  update(view) {
    const before = new Map(
      [...this.#fields].map(([key, field]) => [
        key,
        { type: field.type, value: field.control.read() },
      ]),
    );
    const focus = this.#focus();
    const old = this.#fields;
    this.#fields = new Map(old);
    this.blocks.update(view.blocks);
    for (const [key, field] of this.#fields) {
      const held = before.get(key);
      if (!field.control.node.isConnected) this.#fields.delete(key);
      else if (old.get(key) === field) continue;
      else if (held?.type === field.type) field.control.write(held.value);
      else this.#show(field, view);
    }
    this.#fields = new Map(
      [...this.#fields].sort(([, a], [, b]) => inOrder(a.control.node, b.control.node)),
    );
    const arrived = [...this.#fields].find(([key, { onLoad }]) => onLoad && !old.has(key));
    if (focus) focus();
    else arrived?.[1].control.focus.focus({ preventScroll: true });
  }

  /** @param {Field} field @param {View} view */
  #show({ block_id: block, action_id: action, control }, view) {
    const held = view.state?.values[block]?.[action];
    if (held) control.write(held);
  }

  /** Everything filled in, in the shape of Slack's `state.values`. @returns {StateValues} */
  values() {
    /** @type {StateValues} */
    const values = {};
    for (const { block_id: block, action_id: action, control } of this.#fields.values()) {
      values[block] = { ...values[block], [action]: control.read() };
    }
    return values;
  }

  /**
   * What a person must mend before the app is asked, by block.
   *
   * @returns {Record<string, string>}
   */
  faults() {
    /** @type {Record<string, string>} */
    const faults = {};
    for (const { block_id: block, required, control } of this.#fields.values()) {
      const missing = required && isEmpty(control.read());
      const fault = missing ? "Please complete this required field." : control.fault?.();
      if (fault) faults[block] = fault;
    }
    return faults;
  }

  /**
   * Mark fields, and go to the first.
   *
   * @param {Record<string, string>} faults by block; none clears all
   */
  mark(faults) {
    let first = true;
    for (const { block_id: block, control } of this.#fields.values()) {
      const fault = faults[block] ?? "";
      const field = control.node.closest(".field");
      const room = field?.querySelector(".field-error");
      if (room) room.textContent = fault;
      field?.classList.toggle("field-wrong", fault !== "");
      if (fault) control.focus.setAttribute("aria-invalid", "true");
      else control.focus.removeAttribute("aria-invalid");
      if (!fault || !first) continue;
      first = false;
      control.focus.focus({ preventScroll: true });
      (field ?? control.node).scrollIntoView({ block: "nearest" });
    }
  }

  /** Go to the first field there is. */
  focusFirst() {
    const [first] = this.#fields.values();
    first?.control.focus.focus({ preventScroll: true });
  }

  /** @param {Block} block @param {import("./types.js").Element} element @param {Control} control */
  #register(block, element, control) {
    const { block_id = "" } = block;
    const { action_id = "", type } = element;
    const required = block.type === "input" && block.optional !== true;
    const onLoad = element.focus_on_load === true;
    this.#fields.set(`${block_id}/${action_id}`, {
      block_id,
      action_id,
      type,
      required,
      onLoad,
      control,
    });
  }

  /** Remember where the cursor is; the returned function takes it back there. */
  #focus() {
    const active = document.activeElement;
    const at = [...this.#fields].find(([, { control }]) => control.focus === active);
    if (!at) return null;
    const text =
      active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement ? active : null;
    const range = text && [text.selectionStart, text.selectionEnd];
    return () => {
      const now = this.#fields.get(at[0])?.control.focus;
      if (!now || now === document.activeElement) return;
      now.focus();
      if (
        range &&
        range[0] !== null &&
        (now instanceof HTMLInputElement || now instanceof HTMLTextAreaElement)
      ) {
        now.setSelectionRange(range[0], range[1]);
      }
    };
  }
}

/** @param {Node} a @param {Node} b */
function inOrder(a, b) {
  return a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;
}
