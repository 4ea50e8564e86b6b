/** How people and times look. */

import { el } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./types.js").User} User */

/** The name shown for a user. @param {User|undefined} user @param {string} [fallback] */
export function nameOf(user, fallback = "someone") {
  return user ? user.real_name || user.name : fallback;
}

/**
 * A coloured square with initials; an app wears a spark.
 *
 * @param {{name: string, color: string, is_bot: boolean}} who
 * @param {"small"|"medium"|"large"} [size]
 */
export function avatar(who, size = "large") {
  const label = who.is_bot ? icon("spark") : initials(who.name);
  const node = el("span", { class: `avatar avatar-${size}`, "aria-hidden": "true" }, label);
  node.style.setProperty("--avatar", cssColor(who.color, who.name));
  if (who.is_bot) node.classList.add("avatar-app");
  return node;
}

/** @param {string} name */
function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return letters.map((word) => [...word][0].toUpperCase()).join("") || "?";
}

/** @param {string} color @param {string} name */
function cssColor(color, name) {
  const hex = (color ?? "").replace(/^#/, "");
  if (/^[0-9a-f]{6}$/i.test(hex)) return `#${hex}`;
  let hue = 0;
  for (const char of name) hue = (hue * 31 + (char.codePointAt(0) ?? 0)) % 360;
  return `hsl(${hue} 45% 42%)`;
}

const CLOCK = new Intl.DateTimeFormat("en-US", { hour: "numeric", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-US", { weekday: "long", month: "long", day: "numeric" });
const FULL = new Intl.DateTimeFormat("en-US", { dateStyle: "full", timeStyle: "medium" });

/** Slack's `ts` as a date. @param {string} ts */
export function dateOf(ts) {
  return new Date(Number(ts) * 1000);
}

/** "10:42 AM" @param {string} ts */
export function clock(ts) {
  return CLOCK.format(dateOf(ts));
}

/** The whole date, for a tooltip. @param {string} ts */
export function fullTime(ts) {
  return FULL.format(dateOf(ts));
}

/** "Today", "Yesterday" or "Monday, March 2". @param {string} ts */
export function dayLabel(ts) {
  const day = dateOf(ts).toDateString();
  const now = new Date();
  if (day === now.toDateString()) return "Today";
  now.setDate(now.getDate() - 1);
  return day === now.toDateString() ? "Yesterday" : DAY.format(dateOf(ts));
}
