/** A list of messages, oldest first, that stays at its end while its reader is there. */

import { arrange, el } from "./dom.js";
import { icon } from "./icons.js";
import { MessageRow } from "./message.js";
import { dateOf, dayLabel } from "./people.js";

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./message-actions.js").MessageActions} MessageActions */

const NEAR_END_PX = 48;
const SAME_BREATH_MS = 5 * 60 * 1000;

export class Timeline {
  /** @type {Map<string, MessageRow>} */ #rows = new Map();
  /** What arrived or left while a load was under way, and is newer than it. @type {Set<string>} */
  #touched = new Set();
  #loads = 0;
  #pinned = true;
  #size = "";

  /**
   * @param {MessageActions} actions
   * @param {object} options
   * @param {string} options.label what the list is, for those who do not see it
   * @param {HTMLElement} [options.top] stands above the first message
   * @param {HTMLElement} [options.afterRoot] stands between a thread's root and its
   *   replies, and makes this the list of one thread
   */
  constructor(actions, { label, top, afterRoot }) {
    this.actions = actions;
    this.afterRoot = afterRoot;
    this.list = el("div", { class: "timeline-list", role: "list", "aria-label": label });
    this.scroller = el("div", { class: "timeline-scroll", tabindex: "0" }, top, this.list);
    this.jump = el(
      "button",
      { type: "button", class: "jump", hidden: true, on: { click: () => this.toEnd() } },
      icon("arrowDown"),
      "Latest messages",
    );
    this.node = el("div", { class: "timeline" }, this.scroller, this.jump);
    this.scroller.addEventListener("scroll", () => this.#scrolled());
    const sizes = new ResizeObserver(() => this.#pinned && this.toEnd());
    sizes.observe(this.scroller);
    sizes.observe(this.list);
  }

  /**
   * Show what `fetch` answers; what comes in meanwhile outlives it.
   *
   * @param {() => Promise<Message[]>} fetch
   */
  async load(fetch) {
    this.#touched.clear();
    this.#loads += 1;
    const turn = this.#loads;
    const messages = await fetch();
    if (turn !== this.#loads) return;
    const fetched = new Set(messages.map(({ ts }) => ts));
    for (const ts of [...this.#rows.keys()]) {
      if (!fetched.has(ts) && !this.#touched.has(ts)) this.#drop(ts);
    }
    for (const message of messages) {
      if (this.#rows.has(message.ts) || !this.#touched.has(message.ts)) this.#put(message);
    }
    this.#arrange();
  }

  /** Show a message, or its newer state. @param {Message} message */
  upsert(message) {
    this.#touched.add(message.ts);
    if (this.#put(message)) this.#arrange();
  }

  /** @param {string} ts */
  remove(ts) {
    this.#touched.add(ts);
    if (this.#drop(ts)) this.#arrange();
  }

  get size() {
    return this.#rows.size;
  }

  /** My newest message, to be edited. */
  get myLast() {
    const mine = [...this.#rows.values()].filter((row) => row.isMine && !row.message.ephemeral);
    return mine.sort((a, b) => byTs(a.message, b.message)).at(-1);
  }

  toEnd() {
    this.#pinned = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.jump.hidden = true;
  }

  /** @param {Message} message @returns {boolean} whether a row was added */
  #put(message) {
    const row = this.#rows.get(message.ts);
    if (row) {
      if (message.revision >= row.message.revision) row.update(message);
      this.#follow();
      return false;
    }
    this.#rows.set(
      message.ts,
      new MessageRow(message, this.actions, { inThread: this.afterRoot !== undefined }),
    );
    return true;
  }

  /** @param {string} ts */
  #drop(ts) {
    this.#rows.get(ts)?.node.remove();
    return this.#rows.delete(ts);
  }

  /** Put rows in order with a divider before each day, names only where the author changes. */
  #arrange() {
    const rows = [...this.#rows.values()].sort((a, b) => byTs(a.message, b.message));
    /** @type {HTMLElement[]} */
    const nodes = [];
    let previous = /** @type {Message|null} */ (null);
    for (const row of rows) {
      const label = dayLabel(row.message.ts);
      const newDay = !previous || dayLabel(previous.ts) !== label;
      if (newDay && !this.afterRoot) nodes.push(this.#divider(label));
      row.compact = !newDay && previous !== null && follows(previous, row.message);
      nodes.push(row.node);
      previous = row.message;
      if (!this.afterRoot || nodes.length > 1) continue;
      nodes.push(this.afterRoot);
      previous = null;
    }
    arrange(this.list, nodes);
    this.#follow();
  }

  /**
   * The divider of a day, the one that stands there already if there is one.
   *
   * @param {string} label
   */
  #divider(label) {
    const old = this.list.querySelector(`.day[data-day="${label}"]`);
    if (old instanceof HTMLElement) return old;
    return el(
      "div",
      { class: "day", role: "separator", dataset: { day: label } },
      el("span", {}, label),
    );
  }

  #follow() {
    if (this.#pinned) this.toEnd();
    else this.jump.hidden = false;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight, clientWidth } = this.scroller;
    const resized = this.#size !== `${clientWidth} ${clientHeight}`;
    this.#size = `${clientWidth} ${clientHeight}`;
    // Another layout moved it, not the reader.
    if (resized && this.#pinned) return this.toEnd();
    this.#pinned = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    if (this.#pinned) this.jump.hidden = true;
  }
}

/** @param {Message} a @param {Message} b */
function byTs(a, b) {
  return a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0;
}

/**
 * Whether `message` goes on where its author's last one ended.
 *
 * @param {Message} last
 * @param {Message} message
 */
function follows(last, message) {
  const apart = dateOf(message.ts).getTime() - dateOf(last.ts).getTime();
  return (
    last.user === message.user &&
    last.name === message.name &&
    !last.ephemeral &&
    !message.ephemeral &&
    !last.deleted &&
    !message.broadcast &&
    apart < SAME_BREATH_MS
  );
}
