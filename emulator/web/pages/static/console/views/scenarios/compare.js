// Two runs side by side: their figures, the results of expectations, their curves in one chart.

import { admin } from "../../../lib/api.js";
import { html } from "../../../lib/html.js";
import { usePolled } from "../../../lib/live.js";
import { Empty, Problem, SelectField, Table, View, count, duration } from "../../../lib/parts.js";
import { href, setQuery } from "../../../lib/router.js";
import { Curves } from "./curves.js";
import { Outcome, Verdict } from "./outcome.js";

export function Compare({ query }) {
  const { data: list } = usePolled(() => admin("GET", "scenarios/runs"));
  const ids = list?.runs.map(({ id }) => id) ?? [];
  const b = query.b ?? ids.at(-1) ?? "";
  const a = query.a ?? earlier(list?.runs ?? [], b);
  const { data, error } = usePolled(() => (a && b ? both(a, b) : undefined), { deps: [a, b] });
  const back = html`<a class="button" href=${href("scenarios")}>All scenarios</a>`;
  return html`
    <${View} title="Compare two runs" actions=${back}>
      <div class="toolbar">
        <${Choice} name="a" label="Before" value=${a} runs=${list?.runs ?? []} />
        <${Choice} name="b" label="After" value=${b} runs=${list?.runs ?? []} />
      </div>
      <${Problem} error=${error} />
      ${list && ids.length < 2 && html`<${Empty}>Play a scenario twice, and compare the runs here.<//>`}
      ${data && html`<${Compared} sides=${data} names=${[a, b]} />`}
    <//>
  `;
}

const both = (...ids) =>
  Promise.all(ids.map((id) => admin("GET", `scenarios/runs/${id}/report`)));

/** The last earlier run of the same scenario, else a later one of it, else any other. */
function earlier(runs, id) {
  const index = runs.findIndex((run) => run.id === id);
  const [before, after] = [runs.slice(0, Math.max(0, index)), runs.slice(index + 1)];
  const isSame = ({ scenario }) => scenario === runs[index]?.scenario;
  return (before.findLast(isSame) ?? after.find(isSame) ?? before.at(-1) ?? after[0])?.id ?? "";
}

function Choice({ name, label, value, runs }) {
  const options = runs.map(({ id, scenario }) => [id, `${id}, ${scenario}`]);
  return html`<${SelectField} label=${label} options=${options} value=${value}
    onChange=${({ target }) => setQuery({ [name]: target.value })} />`;
}

function Compared({ sides, names }) {
  const reports = sides.map(({ report }) => report);
  const heads = names.map((name, index) => ({
    title: name,
    cell: ({ values }) => values[index] ?? html`<span class="muted">–</span>`,
  }));
  const same = {
    title: "Same",
    cell: ({ isSame }) => (isSame ? "" : html`<span class="badge warn">differs</span>`),
  };
  const what = { title: "What", cell: ({ name }) => name };
  const columns = [what, ...heads, same];
  const keyOf = ({ key }) => key;
  return html`
    <div class="stack">
      <section class="card" aria-label="Curves"><${Curves} runs=${reports} names=${names} /></section>
      <section class="judged">
        <h2>Figures</h2>
        <${Table} caption="Figures" columns=${columns} rows=${figures(sides)} keyOf=${keyOf} />
      </section>
      <section class="judged">
        <h2>Expectations</h2>
        <${Table} caption="Expectations" columns=${columns} rows=${expectations(reports)} keyOf=${keyOf} />
      </section>
    </div>
  `;
}

const FIGURES = [
  ["Expectations met", ({ run }) => `${run.met} of ${run.met + run.missed}`],
  ["Length", ({ report }) => duration(report.length_ms / 1000)],
  ["Viewers at most", ({ report }) => count(report.viewers_peak)],
  ["Chat lines", ({ report }) => count(report.chat_posted)],
  ["Events", ({ report }) => count(report.events)],
  ["Clock", ({ run }) => run.clock],
  ["Seed", ({ run }) => String(run.seed)],
  ["log_hash", ({ report }) => report.log_hash.slice(0, 16)],
];

function figures(sides) {
  const params = [...new Set(sides.flatMap(({ run }) => Object.keys(run.params)))];
  const rows = [
    ...FIGURES,
    ...params.map((name) => [`Parameter ${name}`, ({ run }) => String(run.params[name] ?? "–")]),
  ].map(([name, read]) => row(name, name, sides.map(read)));
  const outcomes = sides.map(({ run }) => html`<${Outcome} run=${run} />`);
  const isSame = sides[0].run.outcome === sides[1].run.outcome;
  return [{ key: "outcome", name: "Outcome", values: outcomes, isSame }, ...rows];
}

const row = (key, name, values) => ({ key, name, values, isSame: values[0] === values[1] });

/** Expectations are matched by their text and step; equal ones by their order. */
function expectations(reports) {
  const rows = new Map();
  reports.forEach((report, side) => {
    const times = {};
    for (const item of report.expectations) {
      const name = `${item.fact}${item.step ? ` in ${item.step}` : ""}`;
      times[name] = (times[name] ?? 0) + 1;
      const key = `${name} ${times[name]}`;
      const before = rows.get(key) ?? { key, name, items: [] };
      before.items[side] = item;
      rows.set(key, before);
    }
  });
  return [...rows.values()].map(({ key, name, items }) => {
    const texts = [0, 1].map((side) => items[side] && `${items[side].met} ${items[side].seen}`);
    return { ...row(key, html`<code>${name}</code>`, texts), values: [0, 1].map((side) => seen(items[side])) };
  });
}

const seen = (item) =>
  item && html`<${Verdict} isGood=${item.met} text=${item.met ? "met" : "missed"} /> ${item.seen}
    <small class="wanted">expected ${item.wanted}</small>`;
