/** One message in a list. */

import { BlockList, renderPlain } from "./blocks.js";
import { el, patchChildren } from "./dom.js";
import { icon } from "./icons.js";
import { avatar, clock, dayLabel, fullTime } from "./people.js";
import { unescapeText } from "./references.js";

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./message-actions.js").MessageActions} MessageActions */

/** Types of files that are shown, and not only named. */
const SEEN = new Set(["image/png", "image/jpeg"]);

export class MessageRow {
  /** @type {BlockList|null} */ #blocks = null;
  #foot = "";

  /** @param {Message} message @param {MessageActions} actions @param {{inThread: boolean}} where */
  constructor(message, actions, { inThread }) {
    this.message = message;
    this.actions = actions;
    this.inThread = inThread;
    this.head = el("div", { class: "message-head" });
    this.content = el("div", { class: "message-content" });
    this.foot = el("div", { class: "message-foot" });
    this.toolbar = el("div", {
      class: "toolbar",
      role: "toolbar",
      "aria-label": "Message actions",
    });
    this.node = el(
      "div",
      { class: "message", role: "listitem" },
      this.#gutter(),
      el("div", { class: "message-body" }, this.head, this.content, this.foot),
      this.toolbar,
    );
    this.#fillToolbar();
    this.update(message);
  }

  get isMine() {
    return this.message.user === this.actions.workspace.me;
  }

  /**
   * A message that follows one of the same author soon after shows no name again.
   *
   * @param {boolean} compact
   */
  set compact(compact) {
    this.node.classList.toggle("message-compact", compact);
  }

  /** @param {Message} message */
  update(message) {
    this.message = message;
    const { dataset } = this.node;
    dataset.ts = message.ts;
    dataset.revision = String(message.revision);
    if (message.ephemeral) dataset.ephemeral = "";
    patchChildren(this.head, this.#heading());
    this.#showContent();
    this.#showFoot();
  }

  #gutter() {
    const { message } = this;
    return el(
      "div",
      { class: "message-gutter" },
      avatar(message),
      el(
        "span",
        { class: "gutter-time", title: fullTime(message.ts) },
        clock(message.ts).replace(/ [AP]M/, ""),
      ),
    );
  }

  #heading() {
    const { message } = this;
    return el(
      "div",
      {},
      message.ephemeral && el("span", { class: "only-you" }, icon("eye"), "Only visible to you"),
      message.broadcast &&
        !this.inThread &&
        el("span", { class: "only-you" }, icon("reply"), "Replied to a thread"),
      el("span", { class: "message-name" }, message.name),
      message.is_bot && el("span", { class: "badge" }, "APP"),
      el("time", { class: "message-time", title: fullTime(message.ts) }, clock(message.ts)),
    );
  }

  #showContent() {
    const { message, actions } = this;
    if (message.deleted) {
      this.toolbar.replaceChildren();
      this.content.replaceChildren(el("em", { class: "tombstone" }, "This message was deleted."));
      return;
    }
    const blocks = message.blocks ?? [];
    if (blocks.length === 0) {
      this.#blocks = null;
      const plain = renderPlain(message.text, actions.workspace);
      if (message.edited) plain.append(" ", el("span", { class: "edited" }, "(edited)"));
      plain.classList.toggle("me-message", message.me === true);
      patchChildren(this.content, el("div", {}, plain));
      return;
    }
    if (!this.#blocks) {
      this.content.replaceChildren();
      const context = actions.blockContext(message);
      this.#blocks = new BlockList(
        this.content,
        context,
        (block, index) => `${index} ${block.type}`,
      );
    }
    this.#blocks.update(blocks);
  }

  #showFoot() {
    const { message, actions } = this;
    const { files, ephemeral, streaming, reply_count: replies, latest_reply: latest } = message;
    const now = JSON.stringify([files, ephemeral, streaming, replies, latest]);
    if (now === this.#foot) return;
    this.#foot = now;
    const parts = (message.files ?? []).map((file) => this.#file(file));
    if (message.ephemeral) {
      parts.push(this.#linkButton("Dismiss message", () => actions.dismiss(message)));
    }
    if (message.streaming) {
      parts.push(this.#linkButton("Stop generating", () => actions.stopStream(message)));
    }
    if (message.reply_count && !this.inThread) {
      if (parts.length) parts.push(el("span", { class: "foot-break" }));
      parts.push(this.#threadLink(message.reply_count));
    }
    this.foot.replaceChildren(...parts);
  }

  /** @param {string} label @param {() => void} click */
  #linkButton(label, click) {
    return el("button", { type: "button", class: "link-button dismiss", on: { click } }, label);
  }

  /** @param {{name: string, id: string, mimetype?: string, alt?: string}} file @returns {HTMLElement} */
  #file({ name, id, mimetype, alt }) {
    if (!id) return el("span", { class: "file" }, icon("file"), name);
    const { channel, ts } = this.message;
    const where = new URLSearchParams({ channel, ts, id, user: this.actions.workspace.me });
    const link = { class: "file", href: `/ui/file?${where}`, download: name };
    if (!SEEN.has(mimetype ?? "")) return el("a", link, icon("file"), name);
    const picture = el("img", { class: "picture", src: link.href, alt: alt || name });
    return el("a", { ...link, class: "picture-link" }, picture);
  }

  /** @param {number} count */
  #threadLink(count) {
    const { message, actions } = this;
    const latest = message.latest_reply;
    return el(
      "button",
      { type: "button", class: "thread-link", on: { click: () => actions.openThread(message) } },
      el("span", { class: "thread-count" }, count === 1 ? "1 reply" : `${count} replies`),
      latest &&
        el(
          "span",
          { class: "thread-latest" },
          `Last reply ${dayLabel(latest).toLowerCase()} at ${clock(latest)}`,
        ),
      el("span", { class: "thread-view" }, "View thread"),
    );
  }

  #fillToolbar() {
    const { message, actions } = this;
    if (message.ephemeral) return;
    /**
     * @param {Parameters<typeof icon>[0]} name
     * @param {string} label
     * @param {(event: Event) => void} click
     */
    const tool = (name, label, click) =>
      el(
        "button",
        { type: "button", class: "tool", title: label, "aria-label": label, on: { click } },
        icon(name),
      );
    if (!this.inThread) {
      this.toolbar.append(tool("reply", "Reply in thread", () => actions.openThread(this.message)));
    }
    if (!actions.hasMenu(this)) return;
    const more = tool("more", "More actions", () => actions.openMenu(this, more));
    more.setAttribute("aria-haspopup", "menu");
    more.dataset.messageMenu = "";
    this.toolbar.append(more);
  }

  /** Write over the text in place; Escape leaves it as it was. */
  edit() {
    if (this.content.hidden) return;
    const input = el("textarea", {
      class: "input edit-input",
      rows: "2",
      "aria-label": "Edit message",
    });
    input.value = unescapeText(this.message.text);
    const leave = () => {
      form.remove();
      this.content.hidden = false;
    };
    const save = async () => {
      const text = input.value.trim();
      leave();
      if (text) await this.actions.saveEdit(this.message, text);
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") leave();
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      void save();
    });
    const form = el(
      "div",
      { class: "edit-form" },
      input,
      el(
        "div",
        { class: "dialog-buttons" },
        el("button", { type: "button", class: "button", on: { click: leave } }, "Cancel"),
        el(
          "button",
          { type: "button", class: "button button-primary", on: { click: () => void save() } },
          "Save",
        ),
      ),
    );
    this.content.hidden = true;
    this.content.after(form);
    input.focus();
  }
}
