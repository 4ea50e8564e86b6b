/** What the page knows of the workspace, and who is looking at it. */

/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").User} User */
/** @typedef {import("./types.js").Channel} Channel */

/** The place that is no conversation: the bot's Home tab. */
export const HOME = "home";

/** The place where the answers of an eval are judged, while one asks for that. */
export const JUDGE = "judge";

/** Between people, without a name of its own. @param {Channel} channel */
export function isDirect(channel) {
  return channel.kind === "im" || channel.kind === "mpim";
}

export class Workspace {
  constructor() {
    this.me = "";
    /** The conversation that is open, or `HOME`. */
    this.place = "";
    /** @type {Map<string, User>} */
    this.users = new Map();
    /** @type {Map<string, Channel>} */
    this.channels = new Map();
    this.team = { id: "", name: "" };
    /** Where answers are judged; empty: nowhere. */
    this.judging = "";
    /** @type {import("./types.js").Bot} */
    this.bot = {
      user_id: "",
      name: "",
      connected: true,
      installed: true,
      install_url: "",
      hears_mentions: false,
      hears_direct_messages: false,
      home_tab: false,
      agent: false,
    };
    /** @type {import("./types.js").Command[]} */
    this.commands = [];
    /** @type {import("./types.js").Shortcut[]} */
    this.messageShortcuts = [];
    /** @type {import("./types.js").Shortcut[]} */
    this.globalShortcuts = [];
  }

  /** @param {State} state */
  load(state) {
    this.team = state.team;
    this.judging = state.judging;
    this.users = new Map(state.users.map((user) => [user.id, user]));
    this.channels = new Map(state.channels.map((channel) => [channel.id, channel]));
    this.bot = state.bot;
    this.commands = state.commands;
    this.messageShortcuts = state.message_shortcuts;
    this.globalShortcuts = state.global_shortcuts;
  }

  get people() {
    return [...this.users.values()].filter((user) => !user.is_bot);
  }

  get myself() {
    return this.users.get(this.me);
  }

  /** The bot as a user, made up from its name while the server does not list it. */
  get botUser() {
    const { user_id: id, name } = this.bot;
    return (
      this.users.get(id) ?? { id, name, real_name: name, color: "", is_bot: true, is_admin: false }
    );
  }

  /** Channels I am in, archived ones last. */
  get myChannels() {
    const mine = this.#mine.filter((channel) => !isDirect(channel));
    return mine.sort((a, b) => Number(a.is_archived) - Number(b.is_archived));
  }

  /** My direct messages, those with the bot first, groups among them. */
  get myDirectMessages() {
    const mine = this.#mine.filter(isDirect);
    return mine.sort((a, b) => Number(b.user === this.me) - Number(a.user === this.me));
  }

  /** Where I talk with the bot alone. */
  get botChannel() {
    return this.myDirectMessages.find((channel) => channel.user === this.me);
  }

  /** Where the app itself is found: its Home tab when it has one. */
  get appPlace() {
    return this.bot.home_tab ? HOME : this.botChannel?.id;
  }

  /** The others in a direct message. @param {Channel} channel @returns {User[]} */
  partners(channel) {
    if (channel.user === this.me) return [this.botUser];
    const others = channel.members.filter((id) => id !== this.me);
    return others.map((id) => this.users.get(id)).filter((user) => user !== undefined);
  }

  /** What a conversation is called in a heading. @param {Channel} channel */
  titleOf(channel) {
    if (!isDirect(channel)) return channel.name;
    const names = this.partners(channel).map((user) => user.real_name || user.name);
    return names.join(", ") || channel.name;
  }

  get #mine() {
    return [...this.channels.values()].filter((channel) => channel.members.includes(this.me));
  }
}
