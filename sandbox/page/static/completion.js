/** What the composer offers while a command or a name is being typed. */

import { nameOf } from "./people.js";

/** @typedef {import("./workspace.js").Workspace} Workspace */
/** @typedef {{label: string, hint: string, detail: string, insert: string}} Offer */

/**
 * `start` is where an offer's `insert` goes; with `hintOnly` the offer is shown, not to be taken.
 *
 * @typedef {{start: number, offers: Offer[], hintOnly: boolean}} Completion
 */

/**
 * @param {string} text of the composer
 * @param {number} cursor
 * @param {Workspace} workspace
 * @param {{commands: boolean}} allowed commands are refused in threads
 * @returns {Completion|null}
 */
export function complete(text, cursor, workspace, { commands }) {
  if (commands && text.startsWith("/")) return completeCommand(text, cursor, workspace);
  const name = /(?:^|\s)@([\p{L}\p{N}._-]*)$/u.exec(text.slice(0, cursor));
  if (!name) return null;
  const typed = name[1].toLowerCase();
  const offers = [...workspace.users.values()]
    .filter((user) => user.name.startsWith(typed) || nameOf(user).toLowerCase().startsWith(typed))
    .map((user) => ({
      label: nameOf(user),
      hint: `@${user.name}`,
      detail: user.is_bot ? "App" : "",
      insert: `@${user.name} `,
    }));
  return offers.length ? { start: cursor - name[1].length - 1, offers, hintOnly: false } : null;
}

/**
 * @param {string} text
 * @param {number} cursor
 * @param {Workspace} workspace
 * @returns {Completion|null}
 */
function completeCommand(text, cursor, workspace) {
  const word = /^\/\S*/.exec(text)?.[0] ?? "";
  const whole = text.length > word.length;
  const offers = workspace.commands
    .filter(({ command }) => (whole ? command === word : command.startsWith(word)))
    .map(({ command, description, usage_hint: hint }) => ({
      label: command,
      hint,
      detail: description,
      insert: `${command} `,
    }));
  if (!whole && "/invite".startsWith(word)) {
    const name = workspace.botUser.name;
    offers.push({
      label: "/invite",
      hint: `@${name}`,
      detail: "Add the app to this channel",
      insert: `/invite @${name}`,
    });
  }
  if (offers.length === 0 || cursor > word.length + 1) return null;
  return { start: 0, offers, hintOnly: whole };
}
