/** Shows two answers, and sends which of them a person finds better. All of it is shown as text. */

/** @typedef {{done: number, total: number, key?: string, system?: string, prompt?: string,
 *             expected?: string, a?: string, b?: string, ends_in?: number}} State */

/** @param {number} seconds */
const ending = (seconds) =>
  "All of it is judged, thank you. Go back to change your last choice, or finish: " +
  `that happens by itself in ${seconds} seconds.`;
const FINISHED = "All of it is judged, thank you. What came out stands in the terminal.";
const GONE = "The eval does not answer. Start it again in the terminal: no choice is lost.";
const STRANGE = "This is not the address of the eval that runs now. Its own stands in the terminal.";

/** @type {Record<string, string>} */
const KEYS = { 1: "a", ArrowLeft: "a", 2: "b", ArrowRight: "b", 0: "tie" };

const token = location.hash.slice(1);

/** @type {NodeListOf<HTMLElement>} */
const choices = document.querySelectorAll("[data-choice]");

/** @type {State} */
let shown = { done: 0, total: 0 };
/** Keys of the pairs that were chosen of, to go back to. @type {string[]} */
const past = [];
let busy = false;
/** Until it has ended by itself. @type {ReturnType<typeof setTimeout>|undefined} */
let clock;

/** @param {string} id @returns {HTMLElement} */
function part(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no ${id}`);
  return found;
}

/** @param {string} path @param {object} [body] @returns {Promise<State|string>} */
async function ask(path, body) {
  const headers = { "X-Judge-Token": token, "Content-Type": "application/json" };
  const sent = body && JSON.stringify(body);
  try {
    const answer = await fetch(path, { method: body ? "POST" : "GET", headers, body: sent });
    if (answer.ok) return await answer.json();
    return answer.status === 403 ? STRANGE : GONE;
  } catch {
    return GONE;
  }
}

/** @param {State|string} state */
function show(state) {
  clearTimeout(clock);
  const left = typeof state === "string" || state.key ? 0 : (state.ends_in ?? 0);
  const over = typeof state === "string" ? state : state.key ? "" : left ? ending(left) : FINISHED;
  part("judging").hidden = over !== "";
  part("choices").hidden = over !== "" && !left;
  part("finish").hidden = !left;
  for (const button of choices) button.hidden = left > 0;
  part("notice").hidden = over === "";
  part("told").textContent = over;
  if (left) clock = setTimeout(() => show(FINISHED), left * 1000);
  if (typeof state === "string") return;
  shown = state;
  part("count").textContent = `${state.done} of ${state.total}`;
  const bar = /** @type {HTMLProgressElement} */ (part("bar"));
  bar.max = state.total;
  bar.value = state.done;
  for (const name of /** @type {const} */ (["prompt", "system", "expected", "a", "b"]))
    part(name).textContent = state[name] ?? "";
  part("system-part").hidden = !state.system;
  part("expected-part").hidden = !state.expected;
  part("back").toggleAttribute("disabled", past.length === 0);
  scrollTo(0, 0);
  part(left ? "finish" : "question-title").focus({ preventScroll: true });
}

/** One thing at a time. @param {() => Promise<State|string>} act */
async function once(act) {
  if (busy) return;
  busy = true;
  document.body.setAttribute("aria-busy", "true");
  try {
    show(await act());
  } finally {
    busy = false;
    document.body.removeAttribute("aria-busy");
  }
}

/** @param {string} chosen */
function choose(chosen) {
  const { key } = shown;
  if (!key || part("choices").hidden) return;
  once(async () => {
    const state = await ask("choice", { key, chosen });
    if (typeof state !== "string") past.push(key);
    return state;
  });
}

function back() {
  const key = past.at(-1);
  if (!key || part("choices").hidden) return;
  once(async () => {
    const state = await ask(`pair?key=${key}`);
    if (typeof state !== "string") past.pop();
    return state;
  });
}

function finish() {
  once(async () => {
    const state = await ask("end", {});
    return typeof state === "string" && state !== GONE ? state : FINISHED;
  });
}

part("finish").addEventListener("click", finish);
for (const button of choices)
  button.addEventListener("click", () => choose(button.getAttribute("data-choice") ?? ""));
part("back").addEventListener("click", back);
document.addEventListener("keydown", (event) => {
  if (event.repeat && event.key === "Enter") event.preventDefault();
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Backspace") back();
  else if (KEYS[event.key]) choose(KEYS[event.key]);
  else return;
  event.preventDefault();
});
once(() => ask("pair"));
