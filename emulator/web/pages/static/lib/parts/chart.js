// Charts over time, drawn by uPlot, with the figures beside them for those who do not see lines.

import { html, useEffect, useRef } from "../html.js";
import { time } from "./format.js";

const HEIGHT = 180;
const TABLE_ROWS = 12;
const COLOURS = ["--accent", "--series-2", "--series-3", "--series-4"];

/**
 * `times`: seconds since 1970, ascending. `series`: `[{label, values, format}]`, a value a time,
 * null for none. `title` names the chart, `unit` stands behind it. `least`: the values that the
 * axis always reaches from and to, so that small changes look small; 0 is always on it.
 */
export function Chart({ title, times, series, unit = "", height = HEIGHT, least = [0, 0] }) {
  const place = useRef();
  const plot = useRef();
  const data = [times, ...series.map(({ values }) => values)];
  const latest = useRef(data);
  latest.current = data;
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const shape = JSON.stringify([series.map(({ label }) => label), unit, height, least, isDark]);

  useEffect(() => {
    let isGone = false;
    const observer = new ResizeObserver(([{ contentRect }]) => {
      plot.current?.setSize({ width: contentRect.width, height });
    });
    import("../../uplot-1.6.32/uPlot.esm.js").then(({ default: UPlot }) => {
      if (isGone) return;
      const width = place.current.clientWidth;
      const shown = { ...options(series, least), width, height };
      plot.current = new UPlot(shown, latest.current, place.current);
      observer.observe(place.current);
    });
    return () => {
      isGone = true;
      observer.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape]);
  useEffect(() => {
    plot.current?.setData(latest.current);
    if (plot.current) sayLast(plot.current);
  });

  return html`
    <figure class="chart">
      <figcaption>${title}${unit && html` <small>${unit}</small>`}</figcaption>
      <div ref=${place} class="plot" aria-hidden="true"></div>
      <${Figures} title=${title} times=${times} series=${series} unit=${unit} />
    </figure>
  `;
}

/** A few instants of the chart as a table: a screen reader's way through it. */
function Figures({ title, times, series, unit }) {
  const step = Math.max(1, Math.ceil(times.length / TABLE_ROWS));
  const indexes = times.map((_, index) => index).filter((index) => index % step === 0);
  return html`
    <div class="unseen"><table>
      <caption>${title}${unit && `, ${unit}`}</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          ${series.map(({ label }) => html`<th key=${label} scope="col">${label}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${indexes.map((index) => html`<tr key=${times[index]}>
          <th scope="row">${time(new Date(times[index] * 1000).toISOString())}</th>
          ${series.map(({ label, values }) => html`<td key=${label}>${values[index] ?? "–"}</td>`)}
        </tr>`)}
      </tbody>
    </table></div>
  `;
}

/** Without a pointer over the chart its legend says how things are at the end. */
function sayLast(plot) {
  const last = plot.data[0].length - 1;
  if (!(plot.cursor.left >= 0) && plot.legend.idx !== last) plot.setLegend({ idx: last }, false);
}

function options(series, [low, high]) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui",
  };
  const y = { range: { min: { pad: 0.1, soft: low, mode: 1 }, max: { pad: 0.1, soft: high, mode: 1 } } };
  return {
    scales: { y },
    hooks: { setLegend: [sayLast], ready: [sayLast] },
    // The world's clock is UTC, and so is everything that the console shows.
    tzDate: (seconds) => new Date(seconds * 1000 + new Date().getTimezoneOffset() * 60_000),
    axes: [
      { ...axis, values: "{HH}:{mm}:{ss}", space: 90, size: 30 },
      { ...axis, size: 56, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString("en")) },
    ],
    legend: { live: true },
    cursor: { points: { size: 6 } },
    series: [
      { value: "{HH}:{mm}:{ss}" },
      ...series.map(({ label, format }, index) => ({
        label,
        stroke: colour(COLOURS[index % COLOURS.length]),
        // One line alone may have its ground coloured; of several that would hide the others.
        fill: series.length === 1 ? `${colour(COLOURS[0])}1f` : undefined,
        width: 2,
        points: { show: false },
        value: (_, value) => (value === null || value === undefined ? "–" : format?.(value) ?? value),
      })),
    ],
  };
}
