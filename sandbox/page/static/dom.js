/** Building and patching DOM. Text only ever enters as text nodes; there is no HTML string. */

/** @typedef {Node|string|number|null|undefined|false|Child[]} Child */

/**
 * Make an element. `on` holds event listeners, `dataset` data attributes; `true` and `false`
 * set and omit a boolean attribute; what is `undefined` or `null` is omitted.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on")
      for (const [type, fn] of Object.entries(value)) node.addEventListener(type, fn);
    else if (name === "dataset") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

/** @param {Node} parent @param {Child[]} children */
function append(parent, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(parent, child);
    else parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** @param {...Child} children */
export function fragment(...children) {
  const node = document.createDocumentFragment();
  append(node, children);
  return node;
}

/**
 * A link to another site, or its label as plain text when the address is not one a person
 * should be able to click (`javascript:` and the like).
 *
 * @param {string} url
 * @param {...Child} label
 */
export function link(url, ...label) {
  if (!/^(https?:\/\/|mailto:)/i.test(url.trim())) return el("span", { title: url }, ...label);
  return el("a", { href: url.trim(), target: "_blank", rel: "noopener noreferrer" }, ...label);
}

/**
 * Make `parent` hold what `next` holds, keeping every node that is equal already. Only for
 * nodes without listeners: those of `next` would be lost.
 *
 * @param {Node} parent
 * @param {Node} next
 */
export function patchChildren(parent, next) {
  const fresh = [...next.childNodes];
  fresh.forEach((node, i) => {
    const old = parent.childNodes[i];
    if (old) patchNode(old, node);
    else parent.appendChild(node);
  });
  while (parent.childNodes.length > fresh.length) parent.lastChild?.remove();
}

/** @param {ChildNode} old @param {ChildNode} next */
function patchNode(old, next) {
  if (old.isEqualNode(next)) return;
  if (old instanceof Text && next instanceof Text) old.data = next.data;
  else if (old instanceof HTMLElement && old.cloneNode(false).isEqualNode(next.cloneNode(false))) {
    patchChildren(old, next);
  } else old.replaceWith(next);
}

/**
 * Put `nodes` into `parent` in this order and remove the rest, moving as few as possible: a node
 * that stays keeps its focus and its scroll position.
 *
 * @param {Element} parent
 * @param {Element[]} nodes
 */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, i) => {
    if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null);
  });
}

let lastId = 0;

/** An id for `aria-*` references, new at every call. @param {string} prefix */
export function uniqueId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}
