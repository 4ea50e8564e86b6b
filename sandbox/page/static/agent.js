/** The surface of an app that is an agent: what it suggests, and what it does in each thread. */

import { el } from "./dom.js";
import { toast } from "./toast.js";
import { explain } from "./words.js";

/** @typedef {import("./types.js").Suggested} Suggested */
/** @typedef {import("./types.js").ThreadState} ThreadState */
/** @typedef {import("./api.js").Client} Client */

const ROUND_MS = 2500;

/** Prompts to click, above the composer of the Messages tab. */
export class Suggestions {
  /** @param {(message: string) => void} send */
  constructor(send) {
    this.send = send;
    this.node = el("div", { class: "suggested", role: "group", hidden: true });
  }

  /** @param {Suggested|null} suggested */
  show(suggested) {
    const prompts = suggested?.prompts ?? [];
    this.node.hidden = prompts.length === 0;
    this.node.setAttribute("aria-label", suggested?.title || "Suggested prompts");
    this.node.replaceChildren(
      el("div", { class: "suggested-title" }, suggested?.title || "Suggested prompts"),
      ...prompts.map(({ title, message }) =>
        el(
          "button",
          {
            type: "button",
            class: "suggested-prompt",
            dataset: { prompt: title },
            title: message,
            on: { click: () => this.send(message) },
          },
          title,
        ),
      ),
    );
  }
}

/** The line below a thread that says what the agent does there, with Slack's own Stop. */
export class StatusLine {
  /** @type {ReturnType<typeof setInterval>|undefined} */ #round = undefined;

  /** @param {Client} client @param {string} name of the bot */
  constructor(client, name) {
    this.client = client;
    this.name = name;
    this.node = el("div", { class: "agent-status", role: "status", hidden: true });
  }

  /** @param {string} channel @param {ThreadState|undefined} state */
  show(channel, state) {
    clearInterval(this.#round);
    const works = state?.status === "processing";
    this.node.hidden = !works && !state?.line;
    this.node.dataset.status = state?.status ?? "";
    if (!state || this.node.hidden) return this.node.replaceChildren();
    const words = el("span", { class: "agent-words" });
    const lines = state.loading.length ? state.loading : [state.line || "is working…"];
    let at = 0;
    const say = () => {
      words.textContent = `${this.name} ${lines[at % lines.length]}`;
      at += 1;
    };
    say();
    if (lines.length > 1) this.#round = setInterval(say, ROUND_MS);
    this.node.replaceChildren(
      el("span", { class: "agent-spinner", "aria-hidden": "true" }),
      words,
      ...(state.stops ? [this.#stop(channel, state.thread_ts)] : []),
    );
  }

  /** @param {string} channel @param {string} ts */
  #stop(channel, ts) {
    const press = async () => {
      const reply = await this.client.pressStop(channel, ts);
      if (!reply.ok) toast(explain(reply.error));
    };
    return el(
      "button",
      { type: "button", class: "button", dataset: { pressStop: "" }, on: { click: press } },
      "Stop",
    );
  }
}
