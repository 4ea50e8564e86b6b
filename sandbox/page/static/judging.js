/** Where the answers of an eval are judged: the page of the eval itself, within this one. */

import { el } from "./dom.js";

export class JudgingPlace {
  #address = "";

  constructor() {
    this.node = el("div", { class: "judging", dataset: { judging: "" } });
  }

  /** What has been judged stays there: it tells what comes next. @param {string} address */
  show(address) {
    if (!address || address === this.#address) return;
    this.#address = address;
    const frame = el("iframe", { class: "judging-frame", title: "Which answer is better?" });
    // Its keys are for whoever has come here to judge.
    frame.addEventListener("load", () => frame.focus());
    frame.src = address;
    this.node.replaceChildren(frame);
  }
}
