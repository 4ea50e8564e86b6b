/** A short notice at the foot of the page, for what went wrong where nothing else can say so. */

import { el } from "./dom.js";

const SHOWN_MS = 6000;

/** @param {string} words */
export function toast(words) {
  document.querySelector(".toast")?.remove();
  const node = el("div", { class: "toast", role: "alert", popover: "manual" }, words);
  ([...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body).append(node);
  node.showPopover();
  setTimeout(() => node.remove(), SHOWN_MS);
}
