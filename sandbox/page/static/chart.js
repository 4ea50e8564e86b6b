/** `data_visualization` blocks: all kinds as groups of bars. */

import { el } from "./dom.js";

/** @typedef {{name: string, data: {label: string, value: number}[]}} Series */

/** @param {import("./types.js").Block} block */
export function renderChart(block) {
  const { chart } = block;
  /** @type {Series[]} */
  const series = chart.series ?? [{ name: block.title, data: chart.segments }];
  const values = series.flatMap(({ data }) => data.map(({ value }) => Math.abs(value)));
  const most = Math.max(...values) || 1;
  const groups = series[0].data.map(({ label }, at) =>
    el(
      "div",
      { class: "chart-group" },
      el(
        "div",
        { class: "chart-bars" },
        series.map(({ data }, number) => {
          const { value } = data[at];
          const bar = el("div", { class: `chart-bar chart-${number}`, title: String(value) });
          bar.style.height = `${(100 * Math.abs(value)) / most}%`;
          return bar;
        }),
      ),
      el("div", { class: "chart-label" }, label),
    ),
  );
  return el(
    "figure",
    { class: "chart" },
    el("figcaption", {}, block.title),
    el("div", { class: "chart-plot", role: "img", "aria-label": said(block.title, series) }, groups),
    series.length > 1 &&
      el(
        "div",
        { class: "chart-legend", "aria-hidden": "true" },
        series.map(({ name }, number) =>
          el("span", {}, el("span", { class: `chart-key chart-${number}` }), name),
        ),
      ),
  );
}

/** What the chart shows, in words. @param {string} title @param {Series[]} series */
function said(title, series) {
  const rows = series[0].data.map(({ label }, at) => {
    const values = series.map(({ name, data }) => `${name} ${data[at].value}`);
    return `${label}: ${values.join(", ")}`;
  });
  return `${title}. ${rows.join("; ")}`;
}
