/** What a person can do with a message: its buttons, its menu, its thread. */

import { confirm } from "./confirm.js";
import { openMenu } from "./popover.js";
import { toast } from "./toast.js";
import { explain } from "./words.js";

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").Reply} Reply */
/** @typedef {import("./message.js").MessageRow} MessageRow */
/** @typedef {import("./popover.js").MenuItem} MenuItem */
/** @typedef {import("./elements.js").BlockContext} BlockContext */

export class MessageActions {
  /**
   * @param {import("./workspace.js").Workspace} workspace
   * @param {import("./api.js").Client} client
   * @param {(message: Message) => void} openThread
   */
  constructor(workspace, client, openThread) {
    this.workspace = workspace;
    this.client = client;
    this.openThread = openThread;
  }

  /** @param {Message} message @returns {BlockContext} */
  blockContext(message) {
    const where = { channel: message.channel, ts: message.ts };
    return {
      workspace: this.workspace,
      act: (action) => told(this.client.act(where, action)),
      suggest: (block_id, action_id, query) =>
        this.client.suggest(where, { block_id, action_id, query }),
    };
  }

  /** @param {Message} message */
  dismiss({ channel, ts }) {
    void told(this.client.dismiss(channel, ts));
  }

  /** @param {Message} message one that the bot still streams */
  stopStream({ channel, ts }) {
    void told(this.client.stopStream(channel, ts));
  }

  /** @param {Message} message @param {string} text */
  async saveEdit({ channel, ts }, text) {
    await told(this.client.edit(channel, ts, text));
  }

  /** Whether there is anything in the menu. @param {MessageRow} row */
  hasMenu(row) {
    return this.#shortcuts(row).length + this.#own(row).length > 0;
  }

  /** @param {MessageRow} row @param {HTMLElement} anchor */
  openMenu(row, anchor) {
    openMenu(anchor, [{ items: this.#shortcuts(row) }, { items: this.#own(row) }], {
      alignEnd: true,
      onClose: () => row.node.classList.remove("has-menu"),
    });
    row.node.classList.add("has-menu");
  }

  /** What the app offers. @param {MessageRow} row @returns {MenuItem[]} */
  #shortcuts({ message }) {
    const { workspace, client } = this;
    return workspace.messageShortcuts.map(({ callback_id: id, name }) => ({
      label: name,
      detail: workspace.bot.name,
      dataset: { shortcut: id },
      run: () => void told(client.shortcut(id, { channel: message.channel, ts: message.ts })),
    }));
  }

  /** What its author and admins may do. @param {MessageRow} row @returns {MenuItem[]} */
  #own(row) {
    /** @type {MenuItem[]} */
    const own = [];
    if (row.isMine)
      own.push({ label: "Edit message", dataset: { messageEdit: "" }, run: () => row.edit() });
    if (row.isMine || this.workspace.myself?.is_admin) {
      const run = () => void this.#remove(row.message);
      own.push({ label: "Delete message…", danger: true, dataset: { messageDelete: "" }, run });
    }
    return own;
  }

  /** @param {Message} message */
  async #remove({ channel, ts }) {
    const sure = await confirm({
      title: "Delete message",
      text: "Are you sure you want to delete this message? This cannot be undone.",
      yes: "Delete",
      danger: true,
    });
    if (sure) await told(this.client.remove(channel, ts));
  }
}

/** Say so when it failed. @param {Promise<Reply>} answer @returns {Promise<Reply>} */
async function told(answer) {
  const reply = await answer;
  if (!reply.ok) toast(explain(reply.error));
  return reply;
}
