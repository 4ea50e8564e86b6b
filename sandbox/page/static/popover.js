/** Small floating panels: menus and lists that belong to a button or a field. */

import { el } from "./dom.js";

/**
 * @typedef {object} PopoverOptions
 * @property {boolean} [above] rather than below the anchor
 * @property {boolean} [alignEnd] flush with the anchor's right edge
 * @property {boolean} [matchWidth] at least as wide as the anchor
 * @property {() => void} [onClose]
 */

const GAP = 4;
const EDGE = 8;

/**
 * Show `content` beside `anchor` until something outside is clicked, Escape is pressed, or the
 * returned function is called.
 *
 * @param {HTMLElement} anchor
 * @param {HTMLElement} content
 * @param {PopoverOptions} [options]
 * @returns {() => void} closes it
 */
export function openPopover(anchor, content, options = {}) {
  const panel = el("div", { class: "popover", popover: "manual" }, content);
  (anchor.closest("dialog") ?? document.body).append(panel);
  if (options.matchWidth) panel.style.minWidth = `${anchor.offsetWidth}px`;
  panel.showPopover();
  const place = () => position(panel, anchor.getBoundingClientRect(), options);
  place();
  const resizes = new ResizeObserver(place);
  resizes.observe(panel);
  const stop = new AbortController();
  const close = () => {
    if (stop.signal.aborted) return;
    stop.abort();
    resizes.disconnect();
    panel.remove();
    options.onClose?.();
  };
  /** @param {Event} event */
  const leave = (event) => {
    const target = /** @type {Node} */ (event.target);
    if (!panel.contains(target) && !anchor.contains(target)) close();
  };
  /** @param {KeyboardEvent} event */
  const escape = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close();
    anchor.focus();
  };
  const { signal } = stop;
  document.addEventListener("pointerdown", leave, { capture: true, signal });
  document.addEventListener("keydown", escape, { capture: true, signal });
  document.addEventListener(
    "scroll",
    (event) => !panel.contains(/** @type {Node} */ (event.target)) && place(),
    { capture: true, signal },
  );
  window.addEventListener("resize", place, { signal });
  return close;
}

/**
 * @param {HTMLElement} panel
 * @param {DOMRect} at
 * @param {PopoverOptions} options
 */
function position(panel, at, { above, alignEnd }) {
  const { offsetWidth: width, offsetHeight: height } = panel;
  const below = at.bottom + GAP;
  const over = at.top - GAP - height;
  const fitsBelow = below + height <= innerHeight - EDGE;
  const top = above ? (over >= EDGE ? over : below) : fitsBelow || over < EDGE ? below : over;
  const left = alignEnd ? at.right - width : at.left;
  panel.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
  panel.style.top = `${Math.max(EDGE, top)}px`;
}

/**
 * @typedef {object} MenuItem
 * @property {string} label
 * @property {string} [detail]
 * @property {boolean} [danger]
 * @property {Record<string, string>} [dataset]
 * @property {() => void} run
 *
 * @typedef {{title?: string, items: MenuItem[]}} MenuSection
 */

/**
 * A menu that the arrow keys walk.
 *
 * @param {HTMLElement} anchor
 * @param {MenuSection[]} sections empty ones are left out
 * @param {PopoverOptions} [options]
 */
export function openMenu(anchor, sections, options = {}) {
  const menu = el("div", { class: "menu", role: "menu" });
  const close = openPopover(anchor, menu, {
    ...options,
    onClose: () => {
      anchor.setAttribute("aria-expanded", "false");
      options.onClose?.();
    },
  });
  for (const { title, items } of sections.filter((section) => section.items.length > 0)) {
    const group = el("div", { class: "menu-section", role: "group", "aria-label": title });
    if (title) group.append(el("div", { class: "menu-title" }, title));
    for (const item of items) group.append(menuItem(item, close));
    menu.append(group);
  }
  menu.addEventListener("keydown", (event) => walk(menu, event));
  anchor.setAttribute("aria-expanded", "true");
  menu.querySelector("button")?.focus();
}

/** @param {MenuItem} item @param {() => void} close */
function menuItem(item, close) {
  const run = () => {
    close();
    item.run();
  };
  return el(
    "button",
    {
      type: "button",
      role: "menuitem",
      class: item.danger ? "menu-item menu-item-danger" : "menu-item",
      dataset: item.dataset,
      on: { click: run },
    },
    el("span", {}, item.label),
    item.detail && el("span", { class: "menu-detail" }, item.detail),
  );
}

/** @param {HTMLElement} menu @param {KeyboardEvent} event */
function walk(menu, event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll("button")];
  const at = items.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  items[(at + step + items.length) % items.length]?.focus();
}
