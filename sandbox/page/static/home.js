/** The app's Home tab. */

import { el } from "./dom.js";
import { ViewForm } from "./view-form.js";

/** @typedef {import("./types.js").View} View */
/** @typedef {import("./elements.js").BlockContext} BlockContext */

export class HomeTab {
  /** @type {ViewForm|null} */ #form = null;

  /** @param {string} appName @param {(view: View) => BlockContext} blockContext */
  constructor(appName, blockContext) {
    this.blockContext = blockContext;
    this.node = el(
      "div",
      { class: "home", dataset: { homeView: "" } },
      el("p", { class: "home-empty" }, `${appName} has not published its Home tab yet.`),
    );
  }

  /** @param {View} view */
  show(view) {
    if (!this.#form) {
      this.node.replaceChildren();
      this.#form = new ViewForm(this.node, this.blockContext(view));
    }
    this.#form.update(view);
  }
}
