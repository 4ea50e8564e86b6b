/** The page's own small set of line icons, drawn on a 20 by 20 grid. */

const PATHS = {
  hash: "M7.5 3.5 6 16.5M14 3.5l-1.5 13M4 7.5h13M3 12.5h13",
  archive: "M3.5 4h13v3h-13zM4.5 7v9h11V7M8 10.5h4",
  home: "M3.5 9 10 3.5 16.5 9v7.5h-4.5v-4h-4v4H3.5z",
  reply: "M3.5 4.5h13v9H9L5.5 16.5v-3h-2z",
  more: "M10 4.5v.01M10 10v.01M10 15.5v.01",
  bolt: "M11.5 2.5 4.5 11.5h5l-1 6 7-9h-5z",
  send: "M3.5 4 17 10 3.5 16l1.8-6zM5.5 10H11",
  close: "M5 5l10 10M15 5 5 15",
  edit: "M12.5 4.5l3 3L7 16H4v-3zM10.5 6.5l3 3",
  lock: "M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  eye: "M2.5 10s2.8-5 7.5-5 7.5 5 7.5 5-2.8 5-7.5 5-7.5-5-7.5-5zM10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  down: "M5.5 8l4.5 4.5L14.5 8",
  people:
    "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 16.5c0-3 2.4-4.8 5.5-4.8s5.5 1.8 5.5 4.8M13 9.3a2.7 2.7 0 0 0 0-5.2M15 12.3c1.9.6 3 2.1 3 4.2",
  menu: "M3.5 5.5h13M3.5 10h13M3.5 14.5h13",
  check: "M4.5 10.5l4 4 7-9",
  clip: "M14.5 9.5l-5 5a3 3 0 0 1-4.3-4.3l6-6a2 2 0 0 1 2.9 2.9l-6 6a1 1 0 0 1-1.4-1.4l5-5",
  file: "M5 2.5h6.5l3.5 3.5v11.5H5zM11.5 2.5V6H15",
  arrowDown: "M10 4v12M5 11l5 5 5-5",
  thumb:
    "M6.5 9v7.5h-3V9zM6.5 9l3-6c1.5 0 2.2 1 1.9 2.4L10.8 8h4.6c1.1 0 1.9 1 1.6 2l-1.4 5.1c-.2.8-.9 1.4-1.8 1.4H6.5",
  scales: "M10 3.5v13M6 16.5h8M3.5 5.5h13M3.5 5.5l-2 5.5a2 2 0 0 0 4 0zM16.5 5.5l-2 5.5a2 2 0 0 0 4 0z",
  spark: "M10 2.5l1.9 5.6 5.6 1.9-5.6 1.9L10 17.5l-1.9-5.6L2.5 10l5.6-1.9z",
};

/** @param {keyof typeof PATHS} name */
export function icon(name) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(ns, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
