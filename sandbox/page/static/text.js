/** Slack's text objects as DOM. */

import { fragment } from "./dom.js";
import { emoji } from "./emoji.js";
import { renderMrkdwn } from "./mrkdwn.js";

/** @param {import("./types.js").Text} text @param {import("./workspace.js").Workspace} workspace */
export function renderText(text, workspace) {
  if (text.type === "mrkdwn") return renderMrkdwn(text.text, workspace);
  return fragment(text.text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji(name) ?? whole));
}
