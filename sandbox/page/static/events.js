/** The stream of what happens in the workspace, opened again whenever it breaks. */

/** @typedef {import("./types.js").Frame} Frame */

const FIRST_RETRY_MS = 400;
const LAST_RETRY_MS = 5000;

export class EventStream {
  /** @type {WebSocket|null} */ #socket = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #timer = undefined;
  #failures = 0;

  /**
   * @param {object} handlers
   * @param {(frame: Frame) => void} handlers.onFrame
   * @param {() => void} handlers.onOpen at every (re)connection: what was missed must be fetched
   * @param {() => void} handlers.onLost
   */
  constructor({ onFrame, onOpen, onLost }) {
    this.onFrame = onFrame;
    this.onOpen = onOpen;
    this.onLost = onLost;
  }

  /** Listen as this user from now on. @param {string} user */
  open(user) {
    this.close();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const address = `${scheme}://${location.host}/ui/events?user=${encodeURIComponent(user)}`;
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.addEventListener("open", () => {
      if (this.#socket !== socket) return;
      this.#failures = 0;
      this.onOpen();
    });
    socket.addEventListener("message", (event) => {
      if (this.#socket === socket) this.onFrame(JSON.parse(event.data));
    });
    socket.addEventListener("close", () => {
      if (this.#socket === socket) this.#retry(user);
    });
  }

  close() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** @param {string} user */
  #retry(user) {
    this.onLost();
    const backoff = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.open(user), backoff * (0.75 + Math.random() / 2));
  }
}
