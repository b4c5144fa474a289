// Expectations and steps of a run: missed ones first, then steps under way, then the next ones.

import { html } from "../../../lib/html.js";
import { Table, duration } from "../../../lib/parts.js";
import { href } from "../../../lib/router.js";
import { placeOf, Verdict } from "./outcome.js";

const ROWS_MAX = 200;

/** The place in the text: a link if that text is shown here. */
const line = (runId, report) => ({
  title: "Line",
  align: "end",
  cell: ({ place }) => {
    const { file, line: number } = placeOf(place);
    if (file !== Object.keys(report.sources)[0]) return html`<code>${place}</code>`;
    return html`<a href=${href("scenarios", runId, { line: number })}>${number}</a>`;
  },
});
const at = (name, title = "At") => ({
  title,
  align: "end",
  cell: (row) => (row[name] === null || row[name] === undefined ? "" : duration(row[name] / 1000)),
});

export function Expectations({ report, runId }) {
  const rows = report.expectations
    .map((item, number) => ({ ...item, number }))
    .sort((one, other) => one.met - other.met || one.number - other.number)
    .slice(0, ROWS_MAX);
  const columns = [
    { title: "Outcome", cell: ({ met }) => html`<${Verdict} isGood=${met} text=${met ? "met" : "missed"} />` },
    { title: "Expected", cell: ({ fact, wanted }) => html`<code>${fact}</code> ${wanted}` },
    { title: "Seen", cell: ({ seen }) => seen },
    at("at_ms"),
    line(runId, report),
  ];
  return html`
    <section class="judged">
      <h2>Expectations</h2>
      ${rows.length
        ? html`<${Table} caption="Expectations" columns=${columns} rows=${rows} keyOf=${({ number }) => number} />`
        : html`<p class="muted">None was judged yet.</p>`}
    </section>
  `;
}

/** Steps under way and the next ones, then finished ones, the last first. */
export function Steps({ report, runId }) {
  const over = report.steps.map((step, number) => ({ ...step, number, key: `over ${number}` }));
  const rows = [
    ...(report.under_way ?? []).map((step) => ({ ...step, started_ms: step.since_ms, state: "now" })),
    ...(report.next ?? []).map((step) => ({ ...step, started_ms: step.planned_ms, state: "next" })),
    ...over.reverse(),
  ].slice(0, ROWS_MAX);
  const columns = [
    { title: "Outcome", cell: (step) => outcome(step) },
    { title: "Step", cell: ({ name, message }) => html`${name}${message && html`<br /><small>${message}</small>`}` },
    { title: "Action", hideable: true, cell: ({ action }) => html`<code>${action}</code>` },
    at("started_ms"),
    line(runId, report),
  ];
  return html`
    <section class="judged">
      <h2>Steps</h2>
      <${Table} caption="Steps" columns=${columns} rows=${rows}
        keyOf=${({ key, state, place, started_ms }) => key ?? `${state} ${place} ${started_ms}`} />
    </section>
  `;
}

function outcome({ state, ok, outcome: word }) {
  if (state) return html`<span class="badge ${state === "now" ? "live" : ""}">${state}</span>`;
  return html`<${Verdict} isGood=${ok} text=${word} />`;
}
