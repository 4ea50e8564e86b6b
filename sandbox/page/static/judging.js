/** Where the answers of an eval are judged: the page of the eval itself, within this one. */

import { el } from "./dom.js";

const TOKEN = "judging-token";
const UNKNOWN = "Open the address that stands in the terminal of the eval: it lets you judge here.";

/** What lets whoever has opened its address judge, in this tab. @param {string} token */
export function keepToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

export class JudgingPlace {
  #address = "";

  constructor() {
    this.node = el("div", { class: "judging", dataset: { judging: "" } });
  }

  /** What has been judged stays there: it tells what comes next. @param {string} page */
  show(page) {
    const token = sessionStorage.getItem(TOKEN) ?? "";
    const address = page && token ? `${page}#${token}` : "";
    if (page && !token) this.node.replaceChildren(el("p", { class: "judging-note" }, UNKNOWN));
    if (!address || address === this.#address) return;
    this.#address = address;
    const frame = el("iframe", { class: "judging-frame", title: "Which answer is better?" });
    // Its keys are for whoever has come here to judge.
    frame.addEventListener("load", () => frame.focus());
    frame.src = address;
    this.node.replaceChildren(frame);
  }
}
