/** A small question before something is done. */

import { el, uniqueId } from "./dom.js";

/**
 * @param {{title: string, text: Node|string, yes: string, no?: string, danger?: boolean}} question
 * @returns {Promise<boolean>}
 */
export function confirm({ title, text, yes, no = "Cancel", danger = false }) {
  const heading = uniqueId("confirm");
  const dialog = el(
    "dialog",
    { class: "dialog dialog-small", "aria-labelledby": heading, dataset: { confirm: "" } },
    el("h2", { id: heading, class: "dialog-title" }, title),
    el("div", { class: "dialog-text rich" }, text),
    el(
      "form",
      { method: "dialog", class: "dialog-buttons" },
      el("button", { class: "button", value: "no" }, no),
      el("button", { class: `button button-${danger ? "danger" : "primary"}`, value: "yes" }, yes),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
