/** The page: joins the parts, follows the address, and passes on what happens. */

import { Client } from "./api.js";
import { ChannelPlace } from "./channel-place.js";
import { el } from "./dom.js";
import { EventStream } from "./events.js";
import { renderHeader } from "./header.js";
import { HomeTab } from "./home.js";
import { JudgingPlace, keepToken } from "./judging.js";
import { MessageActions } from "./message-actions.js";
import { ModalStack } from "./modal.js";
import { openMenu } from "./popover.js";
import { Sidebar } from "./sidebar.js";
import { ThreadPane } from "./thread-pane.js";
import { toast } from "./toast.js";
import { explain } from "./words.js";
import { HOME, JUDGE, Workspace } from "./workspace.js";

/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").View} View */

/** @param {string} id @returns {HTMLElement} */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

class Page {
  /** @type {ChannelPlace|null} */ #channel = null;
  /** @type {HomeTab|null} */ #home = null;
  /** @type {JudgingPlace|null} */ #judging = null;
  /** Somebody came to judge before this page was told where that is. */ #toJudge = false;
  #online = false;

  constructor() {
    this.workspace = new Workspace();
    this.client = new Client();
    this.actions = new MessageActions(
      this.workspace,
      this.client,
      (message) =>
        void this.#load([this.thread.open(message.channel, message.thread_ts ?? message.ts)]),
    );
    this.thread = new ThreadPane(byId("thread"), this.client, this.actions);
    this.sidebar = new Sidebar(byId("sidebar"), this.workspace, {
      go: (place) => this.#go(place, this.workspace.me),
      switchUser: (user) => this.#go(this.#placeFor(user), user),
    });
    this.modals = new ModalStack(() => ({
      blockContext: (view) => this.#viewContext(view),
      submit: (view, values) => this.client.submitView(view.id, values),
      close: (view) => void this.#closeView(view),
    }));
    this.events = new EventStream({
      onFrame: (frame) => this.#take(frame),
      onOpen: () => void this.#caughtUp(),
      onLost: () => this.#lost(),
    });
  }

  async start() {
    this.workspace.load(await this.client.state());
    window.addEventListener("hashchange", () => this.#follow());
    byId("shade").addEventListener("click", () => this.#sidebar(false));
    this.#follow();
  }

  /** Open what the address says: `#place/user`, and behind that what lets somebody judge. */
  #follow() {
    const [place, user, token] = location.hash.slice(1).split("/");
    if (token) keepToken(token);
    const { workspace } = this;
    const me = workspace.people.some(({ id }) => id === user)
      ? user
      : (workspace.people[0]?.id ?? "");
    const switched = me !== workspace.me;
    workspace.me = me;
    this.client.user = me;
    this.#toJudge = place === JUDGE && !workspace.judging;
    const target = this.#isKnown(place, me) ? place : (workspace.myChannels[0]?.id ?? workspace.appPlace ?? HOME);
    if (location.hash !== `#${target}/${me}`) history.replaceState(null, "", `#${target}/${me}`);
    if (switched) this.#become(me);
    if (switched || target !== workspace.place) this.#open(target);
    else this.#judging?.show(workspace.judging);
    this.#sidebar(false);
  }

  /** @param {string} place @param {string} user */
  #isKnown(place, user) {
    const { workspace } = this;
    if (place === HOME) return workspace.bot.home_tab;
    if (place === JUDGE) return workspace.judging !== "";
    return workspace.channels.get(place)?.members.includes(user) ?? false;
  }

  /** @param {string} place @param {string} user */
  #go(place, user) {
    location.hash = `#${place}/${user}`;
  }

  /**
   * The same place for another person; one's own direct messages for a direct message.
   *
   * @param {string} user
   */
  #placeFor(user) {
    const { workspace } = this;
    if (workspace.place !== workspace.botChannel?.id) return workspace.place;
    const own = [...workspace.channels.values()].find((channel) => channel.user === user);
    return own?.id ?? workspace.place;
  }

  /** @param {string} user */
  #become(user) {
    this.thread.close();
    this.modals.clear();
    this.sidebar.forgetUnread();
    this.events.open(user);
  }

  /** @param {string} place */
  #open(place) {
    const { workspace } = this;
    workspace.place = place;
    this.thread.close();
    this.#channel?.leave();
    this.#channel = null;
    this.#home = null;
    this.#judging = null;
    if (place === HOME) this.#openHome();
    else if (place === JUDGE) this.#openJudging();
    else this.#openChannel(place);
    this.#paint();
    // Until the stream is open, what happens between an answer and the first frame would be lost.
    if (this.#online) void this.#load([this.#fetch()]);
  }

  #openHome() {
    const home = new HomeTab(this.workspace.bot.name, (view) => this.#viewContext(view));
    this.#home = home;
    byId("place").replaceChildren(home.node);
  }

  #openJudging() {
    this.#judging = new JudgingPlace();
    this.#judging.show(this.workspace.judging);
    byId("place").replaceChildren(this.#judging.node);
  }

  /** @param {string} id */
  #openChannel(id) {
    const channel = new ChannelPlace(id, this.workspace, this.client, this.actions, (anchor) =>
      this.#openShortcuts(anchor),
    );
    this.#channel = channel;
    byId("place").replaceChildren(channel.node);
    channel.focus();
    if (id === this.workspace.botChannel?.id) void this.client.openApp("messages");
    else if (this.workspace.bot.agent) void this.client.look(id);
  }

  #paint() {
    const { workspace } = this;
    this.sidebar.render();
    renderHeader(byId("header"), workspace, {
      go: (place) => this.#go(place, workspace.me),
      openSidebar: () => this.#sidebar(true),
      invite: (channel) =>
        void this.client.invite(channel).then((reply) => reply.ok || toast(explain(reply.error))),
    });
    this.#banner();
    const channel = workspace.channels.get(workspace.place);
    const other = workspace.place === JUDGE ? "Judge answers" : workspace.bot.name;
    const title = channel ? workspace.titleOf(channel) : other;
    document.title = `${title} · ${workspace.team.name}`;
  }

  #banner() {
    const banner = byId("banner");
    const words = this.#online ? this.#withoutBot() : ["Connecting to the sandbox…"];
    banner.replaceChildren(...words);
    banner.hidden = words.length === 0;
  }

  /** Why nobody answers, and what to do; empty where somebody does. @returns {(string|Node)[]} */
  #withoutBot() {
    const { bot, team } = this.workspace;
    if (bot.connected) return [];
    const until = "Nobody answers commands and messages until it is.";
    if (bot.installed) return [`${bot.name} is not connected. ${until}`];
    const said = `${bot.name} is not installed in ${team.name}. ${until}`;
    if (!bot.install_url) return [said];
    return [`${said} Install it at `, el("a", { href: bot.install_url }, bot.install_url)];
  }

  /** @param {boolean} open */
  #sidebar(open) {
    byId("app").classList.toggle("sidebar-open", open);
  }

  /** The stream is open (again): fetch what was missed. */
  async #caughtUp() {
    this.#online = true;
    this.#banner();
    await this.#load([this.#refresh(), this.#fetch(), this.thread.refresh()]);
  }

  /** @param {Promise<void>[]} loads */
  async #load(loads) {
    try {
      await Promise.all(loads);
    } catch {
      toast(explain("unreachable"));
    }
  }

  /** Fetch what the open place shows. The Home tab comes over the stream. */
  async #fetch() {
    if (this.#channel) return this.#channel.load();
    if (this.#judging) return;
    const reply = await this.client.openApp("home");
    if (!reply.ok) toast(explain(reply.error));
  }

  async #refresh() {
    this.workspace.load(await this.client.state());
    this.#channel?.channelChanged();
    this.#judging?.show(this.workspace.judging);
    this.#paint();
    if (this.#toJudge && this.workspace.judging) this.#go(JUDGE, this.workspace.me);
  }

  #lost() {
    this.#online = false;
    this.#banner();
  }

  /** @param {Frame} frame */
  #take(frame) {
    switch (frame.type) {
      case "message":
      case "ephemeral":
        return this.#taken(frame.message, true);
      case "message_changed":
        return this.#taken(frame.message, false);
      case "message_deleted":
      case "ephemeral_deleted":
        return this.#gone(frame.channel, frame.ts);
      case "view_opened":
      case "view_pushed":
        return this.modals.open(frame.view);
      case "view_updated":
        return this.#viewUpdated(frame.view);
      case "view_closed":
        return this.modals.closed(frame.view_id);
      case "session":
        return this.thread.stands(frame.channel, /** @type {any} */ (frame));
      case "suggested":
        if (frame.channel === this.workspace.place)
          this.#channel?.suggestions.show(/** @type {any} */ (frame));
        return;
      case "home":
        return this.#home?.show(frame.view);
      case "bot":
        return this.#botChanged(frame.connected);
      case "state":
        return void this.#load([this.#refresh()]);
    }
  }

  /** @param {Message} message @param {boolean} isNew */
  #taken(message, isNew) {
    const { workspace } = this;
    const isReply = message.thread_ts !== undefined && message.thread_ts !== message.ts;
    const inChannel = !isReply || message.broadcast === true;
    if (message.channel === workspace.place && inChannel) this.#channel?.timeline.upsert(message);
    this.thread.take(message);
    // As an agent the app answers in a thread of each message: its asker follows it there.
    const answered = isReply && isNew && message.user !== workspace.me;
    const inMessages = workspace.bot.agent && message.channel === workspace.botChannel?.id;
    if (answered && inMessages && message.channel === workspace.place && !this.thread.isOpen) {
      void this.#load([this.thread.open(message.channel, message.thread_ts ?? message.ts)]);
    }
    if (!isNew || message.user === workspace.me) return;
    if (message.channel !== workspace.place) this.sidebar.markUnread(message.channel);
    else byId("announcer").textContent = `New message from ${message.name}`;
  }

  /** @param {string} channel @param {string} ts */
  #gone(channel, ts) {
    if (channel === this.workspace.place) this.#channel?.timeline.remove(ts);
    this.thread.remove(channel, ts);
  }

  /** @param {View} view */
  #viewUpdated(view) {
    if (view.type === "home") this.#home?.show(view);
    else this.modals.update(view);
  }

  /** @param {boolean} connected */
  #botChanged(connected) {
    const { bot } = this.workspace;
    bot.connected = connected && bot.installed; // it is told in every workspace of several
    this.#paint();
  }

  /** @param {HTMLElement} anchor */
  #openShortcuts(anchor) {
    const { workspace } = this;
    const items = workspace.globalShortcuts.map(({ callback_id: id, name }) => ({
      label: name,
      detail: workspace.bot.name,
      dataset: { shortcut: id },
      run: () =>
        void this.client
          .shortcut(id, { viewing: workspace.place })
          .then((reply) => reply.ok || toast(explain(reply.error))),
    }));
    const commands = workspace.commands.map(({ command, description }) => ({
      label: command,
      detail: description,
      run: () => this.#channel?.begin(`${command} `),
    }));
    openMenu(
      anchor,
      [
        { title: "Shortcuts", items },
        { title: "Commands", items: commands },
      ],
      { above: true },
    );
  }

  /** @param {View} view @returns {import("./elements.js").BlockContext} */
  #viewContext(view) {
    const where = { view_id: view.id };
    return {
      workspace: this.workspace,
      act: async (action) => {
        const reply = await this.client.act(where, action);
        if (!reply.ok) toast(explain(reply.error));
        return reply;
      },
      suggest: (block_id, action_id, query) =>
        this.client.suggest(where, { block_id, action_id, query }),
    };
  }

  /** @param {View} view */
  async #closeView(view) {
    const reply = await this.client.closeView(view.id);
    if (!reply.ok) this.modals.closed(view.id);
  }
}

new Page().start().catch(() => toast(explain("unreachable")));
