/** The pane beside a conversation that shows one thread of it. */

import { StatusLine } from "./agent.js";
import { Composer } from "./composer.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { Timeline } from "./timeline.js";
import { isDirect } from "./workspace.js";

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./api.js").Client} Client */
/** @typedef {import("./message-actions.js").MessageActions} MessageActions */

export class ThreadPane {
  /** @type {{channel: string, ts: string}|null} */ #open = null;
  /** @type {Timeline|null} */ #timeline = null;
  /** @type {StatusLine|null} */ #status = null;

  /** @param {HTMLElement} node @param {Client} client @param {MessageActions} actions */
  constructor(node, client, actions) {
    this.node = node;
    this.client = client;
    this.actions = actions;
    this.counter = el("div", { class: "thread-counter", role: "separator" });
  }

  get isOpen() {
    return this.#open !== null;
  }

  /** @param {string} channel @param {string} ts */
  shows(channel, ts) {
    return this.#open?.channel === channel && this.#open.ts === ts;
  }

  /** @param {string} channel @param {string} ts of the thread's root */
  async open(channel, ts) {
    if (!this.shows(channel, ts)) this.#build(channel, ts);
    await this.refresh();
  }

  close() {
    this.#open = null;
    this.#timeline = null;
    this.#status = null;
    delete this.node.dataset.thread;
    this.node.hidden = true;
    this.node.replaceChildren();
  }

  /** Fetch the thread anew. */
  async refresh() {
    const place = this.#open;
    if (!place) return;
    await this.#timeline?.load(() => this.client.replies(place.channel, place.ts));
    this.#count();
    if (!this.actions.workspace.bot.agent) return;
    const { threads } = await this.client.agent(place.channel);
    this.#status?.show(place.channel, threads.find(({ thread_ts: ts }) => ts === place.ts));
  }

  /**
   * Show what the agent does in this thread.
   *
   * @param {string} channel
   * @param {import("./types.js").ThreadState} state
   */
  stands(channel, state) {
    if (this.shows(channel, state.thread_ts)) this.#status?.show(channel, state);
  }

  /** Show a message that belongs to this thread, or its newer state. @param {Message} message */
  take(message) {
    const place = this.#open;
    if (!place || message.channel !== place.channel) return;
    if (message.ts !== place.ts && message.thread_ts !== place.ts) return;
    this.#timeline?.upsert(message);
    this.#count();
  }

  /** @param {string} channel @param {string} ts */
  remove(channel, ts) {
    if (this.#open?.channel !== channel) return;
    if (this.shows(channel, ts)) return this.close();
    this.#timeline?.remove(ts);
    this.#count();
  }

  /** @param {string} channel @param {string} ts */
  #build(channel, ts) {
    this.#open = { channel, ts };
    const { workspace } = this.actions;
    const place = workspace.channels.get(channel);
    const title = place ? workspace.titleOf(place) : "";
    const heading = place && isDirect(place) ? title : `# ${title}`;
    const timeline = new Timeline(this.actions, { label: "Thread", afterRoot: this.counter });
    this.#timeline = timeline;
    const status = new StatusLine(this.client, workspace.bot.name);
    this.#status = status;
    const composer = new Composer({
      workspace,
      kind: "thread",
      send: (text, files, broadcast) => {
        timeline.toEnd();
        return this.client.send(channel, text, files, ts, broadcast);
      },
      broadcastTo: place && isDirect(place) ? "the conversation" : `#${title}`,
      editLast: () => timeline.myLast?.edit(),
    });
    composer.placeholder = "Reply…";
    const close = el(
      "button",
      {
        type: "button",
        class: "tool",
        "aria-label": "Close thread",
        on: { click: () => this.close() },
      },
      icon("close"),
    );
    this.node.dataset.thread = ts;
    this.node.replaceChildren(
      el(
        "header",
        { class: "header" },
        el(
          "div",
          { class: "header-title" },
          el("h2", {}, "Thread"),
          el("span", { class: "header-topic" }, heading),
        ),
        close,
      ),
      timeline.node,
      status.node,
      composer.node,
    );
    this.node.hidden = false;
    composer.focus();
  }

  #count() {
    const count = (this.#timeline?.size ?? 1) - 1;
    this.counter.textContent = count === 1 ? "1 reply" : count > 0 ? `${count} replies` : "";
  }
}
