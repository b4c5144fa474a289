// Faults: the faults of this world, and a form that starts one.

import { admin } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Badge, confirm, Empty, Problem, problem, Table, when, View } from "../../lib/parts.js";
import { href, setQuery } from "../../lib/router.js";
import { FaultForm } from "./faults/form.js";

const EVENTS = ["FaultStarted", "FaultStruck", "FaultStopped"];

export default function Faults({ query }) {
  const { data, error } = usePolled(() => admin("GET", "faults"), { on: EVENTS });
  const { data: kinds } = usePolled(() => admin("GET", "faults/kinds"));
  const actions = html`
    <button disabled=${!data?.total} onClick=${clear}>Clear all</button>
    <button class="primary" onClick=${() => setQuery({ add: "api.fail" })}>Break something</button>
  `;
  return html`
    <${View}
      title="Faults"
      about="What goes wrong on purpose: answers that fail, players that stall, sockets that close."
      actions=${actions}
    >
      <${Problem} error=${error} />
      ${query.add && kinds && html`<${FaultForm} kinds=${kinds.kinds} query=${query} />`}
      ${data && !data.total && html`<${Empty}><p>Nothing is broken.</p><//>`}
      ${data?.total > 0 &&
      html`<${Table} caption="Faults that are on" columns=${COLUMNS} rows=${data.faults} keyOf=${({ id }) => id} />`}
    <//>
  `;
}

const COLUMNS = [
  { title: "Fault", cell: ({ kind }) => html`<${Badge} tone="bad">${kind}<//>` },
  { title: "With", cell: ({ values }) => html`<code>${written(values)}</code>` },
  {
    title: "Strikes",
    cell: ({ share, times, skip }) =>
      [share < 1 ? `${Math.round(share * 100)} %` : "all", skip && `not the first ${skip}`, times && `${times}×`].filter(Boolean).join(", "),
    hideable: true,
  },
  { title: "Struck", align: "end", cell: ({ struck }) => struck },
  { title: "Until", cell: ({ until }) => (until ? when(until) : "cleared"), hideable: true },
  {
    title: "",
    cell: (fault) => html`<div class="row">
      <a class="button" href=${href("events", "", { find: `kind:FaultStruck ${fault.id}` })}>Effects</a>
      <button onClick=${() => stop(fault)} aria-label=${`Stop ${fault.kind}, ${fault.id}`}>Stop</button>
    </div>`,
  },
];

const written = (values) =>
  Object.entries(values).map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`).join(" ");

async function stop({ id }) {
  try {
    await admin("DELETE", `faults/${id}`);
  } catch (error) {
    // It has ended by itself a moment ago, which is fine.
    if (error.status !== 404) problem(error);
  }
}

const clear = () =>
  confirm({
    title: "Stop all faults?",
    text: "Everything in this world works again.",
    name: "Stop all",
    act: () => admin("DELETE", "faults"),
  });
