// The runs of this server, newest first. Two of them can be selected and compared.

import { admin } from "../../../lib/api.js";
import { html, useEffect, useState } from "../../../lib/html.js";
import { usePolled } from "../../../lib/live.js";
import { duration, Table, when } from "../../../lib/parts.js";
import { go, href, setQuery } from "../../../lib/router.js";
import { Outcome, percent } from "./outcome.js";

const PLAYING_MS = 1000;
const IDLE_MS = 10_000;

export function RunList({ picked = "" }) {
  const runs = useRuns();
  if (!runs.length) return null;
  const picks = picked.split(",").filter((id) => runs.some((run) => run.id === id));
  const [a, b] = picks;
  return html`
    <section class="run-list">
      <div class="row">
        <h2>Runs</h2>
        <span class="space"></span>
        ${b
          ? html`<a class="button" href=${href("scenarios", "compare", { a, b })}>Compare the two</a>`
          : html`<small>Pick two to compare them.</small>`}
      </div>
      <${Table} caption="Runs" keyOf=${(run) => run.id} rows=${runs} columns=${columns(picks)}
        onOpen=${(run) => go("scenarios", run.id)} />
    </section>
  `;
}

/** Read often while a run plays: the begin of a run is not an event of the world. */
function useRuns() {
  const [everyMs, setEvery] = useState(PLAYING_MS);
  const { data = [] } = usePolled(load, { everyMs });
  const isPlaying = data.some((run) => run.state === "playing");
  useEffect(() => setEvery(isPlaying ? PLAYING_MS : IDLE_MS), [isPlaying]);
  return data;
}

const load = async () => (await admin("GET", "scenarios/runs")).runs.reverse();

const columns = (picks) => [
  { title: "Scenario", cell: (run) => run.scenario },
  { title: "Outcome", cell: (run) => html`<${Outcome} run=${run} />` },
  { title: "Expected", cell: (run) => `${run.met} met${run.missed ? `, ${run.missed} missed` : ""}` },
  { title: "Parameters", hideable: true, cell: (run) => html`<small>${parameters(run)}</small>` },
  { title: "Clock", hideable: true, cell: (run) => run.clock },
  { title: "At", align: "end", cell: (run) => where(run) },
  { title: "Began", hideable: true, align: "end", cell: (run) => when(run.began_at) },
  { title: "Compare", cell: (run) => html`<${Pick} run=${run} picks=${picks} />` },
];

const parameters = ({ params }) =>
  Object.entries(params).map(([name, value]) => `${name}=${value}`).join(" ");

function where({ state, progress, clock_ms }) {
  const at = duration(clock_ms / 1000);
  return state === "playing" && progress !== null ? `${at}, ${percent(progress)}` : at;
}

function Pick({ run, picks }) {
  const change = () => {
    const others = picks.filter((id) => id !== run.id);
    setQuery({ pick: (picks.includes(run.id) ? others : [...others.slice(-1), run.id]).join() });
  };
  return html`<input type="checkbox" aria-label=${`Compare ${run.id}`}
    checked=${picks.includes(run.id)} onChange=${change} />`;
}
