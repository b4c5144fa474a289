// The curves of the most watched streams, in one chart.

import { admin } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { useLast, usePolled } from "../../lib/live.js";
import { Chart, count } from "../../lib/parts.js";
import { instants, VIEWER_EVENTS } from "../streams/facts.js";

const SECONDS = 600;
const EVERY_MS = 5000;
const CURVES_MAX = 4;

export function Curves({ streams }) {
  const shown = streams.slice(0, CURVES_MAX);
  const ids = shown.map(({ stream_id: id }) => id);
  const load = () =>
    Promise.all(ids.map((id) => admin("GET", `streams/${id}/viewers/history?seconds=${SECONDS}`)));
  const { data: fresh } = usePolled(load, { on: VIEWER_EVENTS, everyMs: EVERY_MS, deps: ids });
  const histories = useLast(fresh) ?? [];
  const longest = histories.reduce(
    (best, history) => (history.viewers.length > (best?.viewers.length ?? 0) ? history : best),
    undefined,
  );
  if (!longest || longest.viewers.length < 2) return html`<p class="muted">The chart begins in a moment.</p>`;
  const { length } = longest.viewers;
  const titles = new Map(streams.map(({ stream_id: id, title }) => [id, title]));
  const series = histories.map(({ stream_id: id, viewers }) => ({
    label: titles.get(id) ?? "",
    // All curves end now; some begin later than others.
    values: [...Array(length - viewers.length).fill(null), ...viewers],
    format: count,
  }));
  const title = streams.length > CURVES_MAX ? `Watching the ${CURVES_MAX} most watched` : "Watching";
  return html`<${Chart} title=${title} times=${instants(longest, length)} series=${series} />`;
}
