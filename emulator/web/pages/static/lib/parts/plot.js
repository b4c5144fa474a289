// uPlot, loaded for the first chart, and the look of our charts.

const COLOURS = ["--accent", "--series-2", "--series-3", "--series-4"];

let loading;

/** uPlot's small build is not a module: it sets a global name. */
export function loadUPlot() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("../../uplot-1.6.32/uPlot.iife.min.js", import.meta.url).href;
    script.onload = () => resolve(window.uPlot);
    script.onerror = () => reject(new Error("The chart library could not be loaded."));
    document.head.append(script);
  });
  return loading;
}

/** Without a pointer over the chart, its legend shows the values at the end. */
export function sayLast(plot) {
  const last = plot.data[0].length - 1;
  if (!(plot.cursor.left >= 0) && plot.legend.idx !== last) plot.setLegend({ idx: last }, false);
}

/** The options of a chart of these series; its axis includes at least `low` to `high`. */
export function options(series, [low, high]) {
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
    // The world's clock is in UTC, and so is all that the console shows.
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
        // A single line has a coloured area below it; with several, areas would hide lines.
        fill: series.length === 1 ? `${colour(COLOURS[0])}1f` : undefined,
        width: 2,
        points: { show: false },
        value: (_, value) => (value === null || value === undefined ? "–" : format?.(value) ?? value),
      })),
    ],
  };
}
