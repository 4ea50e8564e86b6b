/** One conversation: its messages and its composer. */

import { Suggestions } from "./agent.js";
import { Composer } from "./composer.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { Timeline } from "./timeline.js";
import { isDirect } from "./workspace.js";

/** @typedef {import("./workspace.js").Workspace} Workspace */
/** @typedef {import("./api.js").Client} Client */
/** @typedef {import("./message-actions.js").MessageActions} MessageActions */

/** What was typed and not sent, by place and person. @type {Map<string, string>} */
const drafts = new Map();

/** What a channel is about, as a sentence behind another. @param {string} topic */
function sentence(topic) {
  if (!topic) return "";
  return /[.!?…]$/.test(topic) ? ` ${topic}` : ` ${topic}.`;
}

export class ChannelPlace {
  /**
   * @param {string} id
   * @param {Workspace} workspace
   * @param {Client} client
   * @param {MessageActions} actions
   * @param {(anchor: HTMLElement) => void} openShortcuts
   */
  constructor(id, workspace, client, actions, openShortcuts) {
    this.id = id;
    this.workspace = workspace;
    this.client = client;
    this.draftKey = `${id}/${workspace.me}`;
    this.timeline = new Timeline(actions, { label: "Messages", top: this.#beginning() });
    this.composer = new Composer({
      workspace,
      kind: "channel",
      send: (text, files) => {
        this.timeline.toEnd();
        return client.send(id, text, files);
      },
      openShortcuts,
      editLast: () => this.timeline.myLast?.edit(),
    });
    this.suggestions = new Suggestions((message) => void client.send(id, message, []));
    this.closed = el(
      "div",
      { class: "composer-closed", hidden: true },
      icon("archive"),
      "This channel is archived. It can be read, but nothing can be sent here.",
    );
    this.composer.text = drafts.get(this.draftKey) ?? "";
    this.node = el(
      "div",
      { class: "channel" },
      this.timeline.node,
      this.suggestions.node,
      this.composer.node,
      this.closed,
    );
    this.channelChanged();
  }

  async load() {
    await this.timeline.load(() => this.client.messages(this.id));
    if (this.workspace.bot.agent) {
      this.suggestions.show((await this.client.agent(this.id)).suggested);
    }
  }

  leave() {
    drafts.set(this.draftKey, this.composer.text);
  }

  focus() {
    this.composer.focus();
  }

  /** Start writing something, a command say. @param {string} text */
  begin(text) {
    this.composer.text = text;
    this.composer.focus();
  }

  /** The channel's state was fetched anew. */
  channelChanged() {
    const channel = this.workspace.channels.get(this.id);
    if (!channel) return;
    const title = this.workspace.titleOf(channel);
    this.composer.placeholder = isDirect(channel) ? `Message ${title}` : `Message #${title}`;
    this.composer.node.hidden = channel.is_archived;
    this.closed.hidden = !channel.is_archived;
  }

  #beginning() {
    const channel = this.workspace.channels.get(this.id);
    if (!channel) return undefined;
    const title = this.workspace.titleOf(channel);
    const words =
      isDirect(channel)
        ? `This is the beginning of your direct messages with ${title}.`
        : `This is the very beginning of #${title}.${sentence(channel.topic)}`;
    return el(
      "div",
      { class: "beginning" },
      el("h2", {}, isDirect(channel) ? title : `# ${title}`),
      el("p", {}, words),
      el("p", { class: "beginning-tip" }, this.#tip(channel)),
    );
  }

  /** How to reach the app from here. @param {import("./types.js").Channel} channel */
  #tip(channel) {
    const { bot, botUser, commands } = this.workspace;
    const mention = `@${botUser.name}`;
    if (!channel.bot_is_member && isDirect(channel)) return [];
    if (!channel.bot_is_member) {
      return [
        `${bot.name} is not in this channel. Type `,
        el("code", {}, `/invite ${mention}`),
        " to add it.",
      ];
    }
    const [first] = commands;
    const other =
      channel.kind === "im"
        ? bot.hears_direct_messages && "just write to the app"
        : bot.hears_mentions && ["mention ", el("code", {}, mention)];
    if (!first) return other ? ["To ask, ", other, "."] : [];
    return ["Type ", el("code", {}, first.command), " and a question", other && [", or ", other], "."];
  }
}
