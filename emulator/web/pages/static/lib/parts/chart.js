// Charts over time, drawn by uPlot, with a table of figures for users who cannot see lines.

import { html, useEffect, useRef } from "../html.js";
import { time } from "./format.js";
import { loadUPlot, options, sayLast } from "./plot.js";

const HEIGHT = 180;
const TABLE_ROWS = 12;

/**
 * `times` are seconds since 1970, ascending. `series` is `[{label, values, format}]` with a value for
 * each time, null for none. `title` is the chart's name, `unit` follows it. The axis always includes
 * the values `least` and 0, so that small changes look small.
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
    loadUPlot().then((UPlot) => {
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

/** Some values of the chart as a table, for screen readers. */
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
