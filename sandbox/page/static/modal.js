/** The stack of modals that the app has opened. */

import { el, uniqueId } from "./dom.js";
import { icon } from "./icons.js";
import { explain } from "./words.js";
import { ViewForm } from "./view-form.js";

/** @typedef {import("./types.js").View} View */
/** @typedef {import("./types.js").Reply} Reply */
/** @typedef {import("./types.js").StateValues} StateValues */
/** @typedef {import("./elements.js").BlockContext} BlockContext */

/**
 * @typedef {object} ModalActions
 * @property {(view: View) => BlockContext} blockContext
 * @property {(view: View, values: StateValues) => Promise<Reply>} submit
 * @property {(view: View) => void} close
 */

export class ModalStack {
  /** @type {Modal[]} */ #modals = [];

  /** @param {() => ModalActions} actions */
  constructor(actions) {
    this.actions = actions;
  }

  /** @param {View} view */
  open(view) {
    this.#modals.at(-1)?.hide();
    const modal = new Modal(view, this.actions());
    this.#modals.push(modal);
    modal.show();
  }

  /** @param {View} view */
  update(view) {
    this.#modals.find((modal) => modal.view.id === view.id)?.update(view);
  }

  /** @param {string} viewId */
  closed(viewId) {
    const at = this.#modals.findIndex((modal) => modal.view.id === viewId);
    if (at < 0) return;
    this.#modals.splice(at, 1)[0].destroy();
    this.#modals.at(-1)?.show();
  }

  clear() {
    for (const modal of this.#modals.splice(0)) modal.destroy();
  }
}

class Modal {
  /** @param {View} view @param {ModalActions} actions */
  constructor(view, actions) {
    this.view = view;
    this.actions = actions;
    const heading = uniqueId("modal");
    this.title = el("h2", { class: "modal-title", id: heading });
    this.body = el("div", { class: "modal-body" });
    this.fault = el("div", { class: "modal-fault", role: "alert" });
    this.cancel = el("button", {
      type: "button",
      class: "button",
      on: { click: () => this.#leave() },
    });
    this.submit = el("button", {
      type: "submit",
      class: "button button-primary",
      dataset: { submit: "" },
    });
    const close = el(
      "button",
      { type: "button", class: "tool", "aria-label": "Close", on: { click: () => this.#leave() } },
      icon("close"),
    );
    this.node = el(
      "dialog",
      { class: "modal", "aria-labelledby": heading },
      el(
        "form",
        {
          class: "modal-form",
          novalidate: true,
          on: { submit: (/** @type {Event} */ event) => void this.#submit(event) },
        },
        el("header", { class: "modal-head" }, this.title, close),
        this.body,
        this.fault,
        el("footer", { class: "modal-foot" }, this.cancel, this.submit),
      ),
    );
    this.node.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#leave();
    });
    this.form = new ViewForm(this.body, actions.blockContext(view));
    document.body.append(this.node);
    this.update(view);
  }

  /** @param {View} view */
  update(view) {
    this.view = view;
    this.node.dataset.view = view.id;
    this.title.textContent = view.title?.text ?? "";
    this.cancel.textContent = view.close?.text ?? "Cancel";
    this.submit.textContent = view.submit?.text ?? "Submit";
    this.submit.hidden = !view.submit;
    this.form.update(view);
  }

  show() {
    this.node.dataset.modal = this.view.callback_id ?? "";
    this.node.showModal();
    this.form.focusFirst();
  }

  /** Stay behind another modal. */
  hide() {
    delete this.node.dataset.modal;
    this.node.close();
  }

  destroy() {
    this.node.remove();
  }

  #leave() {
    this.actions.close(this.view);
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    if (this.submit.hidden || this.submit.disabled) return;
    const faults = this.form.faults();
    this.form.mark(faults);
    this.fault.textContent = "";
    if (Object.keys(faults).length > 0) return;
    this.submit.disabled = true;
    this.submit.classList.add("is-busy");
    const reply = await this.actions.submit(this.view, this.form.values());
    this.submit.disabled = false;
    this.submit.classList.remove("is-busy");
    this.form.mark(reply.errors ?? {});
    if (!reply.ok && !reply.errors) this.fault.textContent = explain(reply.error);
  }
}
