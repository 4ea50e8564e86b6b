/** The dark column: the workspace, its conversations, the app, and who one acts as. */

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { avatar, nameOf } from "./people.js";
import { isDirect, JUDGE } from "./workspace.js";

/** @typedef {import("./types.js").Channel} Channel */
/** @typedef {import("./workspace.js").Workspace} Workspace */

export class Sidebar {
  /** Conversations with something new. @type {Set<string>} */
  #unread = new Set();
  /** What the switcher shows. */
  #people = "";

  /**
   * @param {HTMLElement} node empty
   * @param {Workspace} workspace
   * @param {{go: (place: string) => void, switchUser: (user: string) => void}} actions
   */
  constructor(node, workspace, actions) {
    this.workspace = workspace;
    this.actions = actions;
    this.name = el("div", { class: "workspace-name" });
    this.places = el("div", { class: "sidebar-scroll" });
    this.switcher = el("div", { class: "switcher" });
    node.append(this.name, this.places, this.switcher);
  }

  /** @param {string} channel */
  markUnread(channel) {
    if (channel === this.workspace.place || this.#unread.has(channel)) return;
    this.#unread.add(channel);
    this.render();
  }

  forgetUnread() {
    this.#unread.clear();
  }

  render() {
    const { workspace } = this;
    this.#unread.delete(workspace.place);
    const { name } = workspace.team;
    this.name.replaceChildren(el("span", { class: "workspace-mark" }, name.slice(0, 1)), name);
    this.places.replaceChildren(
      workspace.judging ? section("Eval", [this.#judging()]) : "",
      section(
        "Channels",
        workspace.myChannels.map((channel) => this.#entry(channel)),
      ),
      section(
        "Direct messages",
        workspace.myDirectMessages.map((channel) => this.#entry(channel)),
      ),
      workspace.appPlace ? section("Apps", [this.#app(workspace.appPlace)]) : "",
    );
    this.#renderSwitcher();
  }

  /** @param {Channel} channel */
  #entry(channel) {
    const partners = isDirect(channel) ? this.workspace.partners(channel) : [];
    const [partner] = partners;
    const mark = partner
      ? partners.length > 1
        ? el("span", { class: "avatar avatar-small avatar-count" }, partners.length)
        : avatar({ name: nameOf(partner), color: partner.color, is_bot: partner.is_bot }, "small")
      : icon(channel.is_archived ? "archive" : channel.kind === "private" ? "lock" : "hash");
    const unread = this.#unread.has(channel.id);
    return this.#link(channel.id, mark, this.workspace.titleOf(channel), {
      channel: channel.id,
      ...(unread && { unread: "" }),
    });
  }

  #judging() {
    const waits = this.workspace.place === JUDGE ? {} : { unread: "" };
    return this.#link(JUDGE, icon("scales"), "Judge answers", { judge: "", ...waits });
  }

  /** @param {string} place */
  #app(place) {
    const { bot, botUser } = this.workspace;
    const mark = avatar({ name: bot.name, color: botUser.color, is_bot: true }, "small");
    const link = this.#link(place, mark, bot.name, { app: "" });
    // Its messages have an entry of their own, which is the one that is marked.
    if (!bot.home_tab) link.removeAttribute("aria-current");
    const state = bot.connected ? "connected" : "not connected";
    link.append(
      el(
        "span",
        { class: bot.connected ? "presence is-on" : "presence", title: state },
        el("span", { class: "visually-hidden" }, state),
      ),
    );
    return link;
  }

  /**
   * @param {string} place
   * @param {Node} mark
   * @param {string} label
   * @param {Record<string, string>} dataset
   */
  #link(place, mark, label, dataset) {
    const current = place === this.workspace.place;
    return el(
      "button",
      {
        type: "button",
        class: "sidebar-link",
        "aria-current": current ? "page" : undefined,
        dataset,
        on: { click: () => this.actions.go(place) },
      },
      mark,
      el("span", { class: "sidebar-label" }, label),
    );
  }

  /** Only when it changes: a list that is open would close. */
  #renderSwitcher() {
    const { workspace } = this;
    const shown = JSON.stringify([workspace.me, workspace.people]);
    if (this.#people === shown) return;
    this.#people = shown;
    const me = workspace.myself;
    const select = el(
      "select",
      {
        id: "user-switch",
        dataset: { userSwitch: "" },
        on: { change: () => this.actions.switchUser(select.value) },
      },
      workspace.people.map((user) =>
        el(
          "option",
          { value: user.id, selected: user.id === workspace.me },
          user.is_admin ? `${nameOf(user)} (admin)` : nameOf(user),
        ),
      ),
    );
    this.switcher.replaceChildren(
      me ? avatar({ name: nameOf(me), color: me.color, is_bot: false }, "medium") : "",
      el(
        "label",
        { class: "switcher-field", for: "user-switch" },
        el("span", {}, "You act as"),
        select,
      ),
      icon("down"),
    );
  }
}

/** @param {string} title @param {HTMLElement[]} entries */
function section(title, entries) {
  return el("section", { class: "sidebar-section" }, el("h2", {}, title), entries);
}
