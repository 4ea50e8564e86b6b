/** `table` blocks. */

import { el } from "./dom.js";
import { renderRichText } from "./rich-text.js";

/** @typedef {{type: string, text?: string, [key: string]: any}} Cell */

/**
 * @param {{rows?: Cell[][], column_settings?: ({align?: string}|null)[], [key: string]: any}} block
 * @param {import("./workspace.js").Workspace} workspace
 */
export function renderTable(block, workspace) {
  const [head = [], ...body] = block.rows ?? [];
  /** @param {"th"|"td"} tag @param {Cell} cell @param {number} column */
  const draw = (tag, cell, column) => {
    const align = block.column_settings?.[column]?.align;
    const content = cell.type === "rich_text" ? renderRichText(cell, workspace) : (cell.text ?? "");
    return el(tag, { class: align && `align-${align}` }, content);
  };
  return el(
    "div",
    { class: "rich" },
    el(
      "div",
      { class: "table-scroll" },
      el(
        "table",
        {},
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            head.map((cell, i) => draw("th", cell, i)),
          ),
        ),
        el(
          "tbody",
          {},
          body.map((row) =>
            el(
              "tr",
              {},
              row.map((cell, i) => draw("td", cell, i)),
            ),
          ),
        ),
      ),
    ),
  );
}
