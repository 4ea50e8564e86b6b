/** The sandbox server's JSON endpoints for this page. */

/** @typedef {import("./types.js").Reply} Reply */
/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").StateValues} StateValues */

/** Where something was clicked or chosen: in a message or in a view. */
/** @typedef {{channel: string, ts: string}|{view_id: string}} Where */

/**
 * @typedef {object} Action
 * @property {string} block_id
 * @property {string} action_id
 * @property {string} [value] of a button
 * @property {import("./types.js").StateValue} [selected] what was chosen, as in `state.values`
 * @property {StateValues} [values] what else is filled into the view
 */

export class Client {
  constructor() {
    this.user = "";
  }

  /** @returns {Promise<State>} */
  state() {
    return get("state", {});
  }

  /** @param {string} channel @returns {Promise<Message[]>} top-level messages, oldest first */
  async messages(channel) {
    return (await get("messages", { channel, user: this.user })).messages;
  }

  /**
   * @param {string} channel
   * @param {string} ts
   * @returns {Promise<Message[]>} the root, then its replies
   */
  async replies(channel, ts) {
    return (await get("replies", { channel, ts, user: this.user })).messages;
  }

  /**
   * @param {string} channel
   * @param {string} text
   * @param {import("./tray.js").SentFile[]} files
   * @param {string} [thread_ts]
   * @param {boolean} [broadcast] show the reply in the channel too
   */
  send(channel, text, files, thread_ts, broadcast) {
    return this.#post("send", { channel, text, files, thread_ts, broadcast });
  }

  /** @param {Where} where @param {Action} action */
  act(where, action) {
    return this.#post("action", { ...where, ...action });
  }

  /**
   * @param {string} callback_id
   * @param {{channel: string, ts: string}|{viewing: string}} where the message, or what is open
   */
  shortcut(callback_id, where) {
    return this.#post("shortcut", { callback_id, ...where });
  }

  /**
   * @param {Where} where
   * @param {{block_id: string, action_id: string, query: string}} ask
   */
  suggest(where, ask) {
    return this.#post("suggest", { ...where, ...ask });
  }

  /** @param {string} view_id @param {StateValues} values */
  submitView(view_id, values) {
    return this.#post("view_submit", { view_id, values });
  }

  /** @param {string} view_id */
  closeView(view_id) {
    return this.#post("view_close", { view_id });
  }

  /** Open a tab of the app. @param {"home"|"messages"} tab */
  openApp(tab) {
    return this.#post("home", { tab });
  }

  /** @param {string} channel @param {string} ts */
  remove(channel, ts) {
    return this.#post("delete", { channel, ts });
  }

  /** @param {string} channel @param {string} ts @param {string} text */
  edit(channel, ts, text) {
    return this.#post("edit", { channel, ts, text });
  }

  /** @param {string} channel */
  invite(channel) {
    return this.#post("invite", { channel });
  }

  /** @param {string} channel @param {string} ts */
  dismiss(channel, ts) {
    return this.#post("dismiss", { channel, ts });
  }

  /**
   * @param {string} channel
   * @returns {Promise<{suggested: import("./types.js").Suggested|null,
   *   threads: import("./types.js").ThreadState[]}>}
   */
  agent(channel) {
    return get("agent", { channel, user: this.user });
  }

  /** Say which conversation is open beside the app. @param {string} channel */
  look(channel) {
    return this.#post("look", { channel });
  }

  /** Press Slack's own Stop. @param {string} channel @param {string} ts of the thread's root */
  pressStop(channel, ts) {
    return this.#post("press_stop", { channel, ts });
  }

  /** @param {string} channel @param {string} ts */
  stopStream(channel, ts) {
    return this.#post("stop_stream", { channel, ts });
  }

  /**
   * @param {string} path
   * @param {object} body
   * @returns {Promise<Reply>} never rejects: a server that is gone is an answer with an error
   */
  async #post(path, body) {
    try {
      const response = await fetch(`/ui/${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ user: this.user, ...body }),
      });
      const reply = await response.json();
      return typeof reply.ok === "boolean" ? reply : { ok: response.ok, ...reply };
    } catch {
      return { ok: false, error: "unreachable" };
    }
  }
}

/** @param {string} path @param {Record<string, string>} query @returns {Promise<any>} */
async function get(path, query) {
  const response = await fetch(`/ui/${path}?${new URLSearchParams(query)}`);
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return response.json();
}
