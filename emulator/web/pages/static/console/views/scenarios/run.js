// A run: its progress, figures and steps; its report once it is over.

import { admin } from "../../../lib/api.js";
import { html, useEffect, useState } from "../../../lib/html.js";
import { usePolled } from "../../../lib/live.js";
import { Problem, Tiles, View, count, duration } from "../../../lib/parts.js";
import { href } from "../../../lib/router.js";
import { Curves } from "./curves.js";
import { Expectations, Steps } from "./judged.js";
import { Outcome, placeOf } from "./outcome.js";
import { Progress } from "./progress.js";
import { Report } from "./report.js";
import { RunActions } from "./run_actions.js";
import { SourceText } from "./source_text.js";
import { Track } from "./track.js";

const PLAYING_MS = 500;

export function Run({ id, query }) {
  const [everyMs, setEvery] = useState(PLAYING_MS);
  const path = `scenarios/runs/${id}/report`;
  const { data, error } = usePolled(() => admin("GET", path), { everyMs, deps: [id] });
  const isOver = data?.run.state === "over";
  const isGone = error?.status === 404; // The emulator was started again: it has other runs.
  useEffect(() => setEvery(isOver || isGone ? 0 : PLAYING_MS), [isOver, isGone]);
  if (isGone) return html`<${View} title=${id}><${Problem} error=${error} /><//>`;
  if (!data) return html`<${View} title=${id}><${Problem} error=${error} /><//>`;
  const { run, report } = data;
  const title = html`${run.scenario} <${Outcome} run=${run} />`;
  return html`
    <${View} title=${title} about=${report.about}
      actions=${html`<${RunActions} run=${run} report=${report} />`}>
      <${Problem} error=${error} />
      <${Progress} run=${run} />
      ${report.reason && html`<p class="problem-line">${report.reason}</p>`}
      <${Tabs} run=${run} shown=${query.show} />
      ${query.show === "report" && isOver
        ? html`<${Report} run=${run} />`
        : html`<${Figures} run=${run} report=${report} line=${query.line} />`}
    <//>
  `;
}

function Tabs({ run, shown = "" }) {
  if (run.state !== "over") return null;
  const link = (name, title) => html`
    <a class="button" href=${href("scenarios", run.id, { show: name })}
      aria-current=${shown === name ? "page" : undefined}>${title}</a>
  `;
  return html`<nav class="row tabs" aria-label="Parts of the run">
    ${link("", "Figures")}${link("report", "Report")}
  </nav>`;
}

function Figures({ run, report, line }) {
  const [file, text] = Object.entries(report.sources)[0] ?? [];
  return html`
    <div class="stack">
      <${Tiles} tiles=${tiles(run, report)} />
      <section class="card" aria-label="Curves">
        <${Curves} runs=${[report]} />
        <${Track} report=${report} />
      </section>
      <div class="split">
        <div class="stack">
          <${Expectations} report=${report} runId=${run.id} />
          <${Steps} report=${report} runId=${run.id} />
        </div>
        ${text && html`<${SourceText} file=${file} text=${text} lines=${lines(report, file)}
          shown=${Number(line ?? 0) || lineNow(report, file)} />`}
      </div>
    </div>
  `;
}

const tiles = (run, report) => [
  { label: "Expectations met", value: `${run.met} of ${run.met + run.missed}`, tone: run.missed ? "bad" : "" },
  { label: "Time in the run", value: duration(run.clock_ms / 1000) },
  { label: "Time it took", value: duration(report.wall_ms / 1000) },
  { label: "Viewers at most", value: count(report.viewers_peak) },
  { label: "Chat lines", value: count(report.chat_posted) },
  { label: "Events", value: count(report.events) },
];

/** The result of each line: an expectation takes precedence over a step. */
function lines(report, file) {
  const marks = {};
  const mark = (place, tone, note) => {
    const at = placeOf(place);
    if (at.file === file) marks[at.line] = { tone, note };
  };
  for (const step of report.steps) if (!step.ok) mark(step.place, "bad", step.outcome);
  for (const { place, met } of report.expectations) {
    if (marks[placeOf(place).line]?.tone === "bad" && met) continue; // A missed expectation stays missed.
    mark(place, met ? "good" : "bad", met ? "met" : "missed");
  }
  for (const { place } of (report.next ?? []).slice(0, 1)) mark(place, "now", "next");
  for (const { place } of report.under_way ?? []) mark(place, "now", "now");
  return marks;
}

/** The last line with a step under way, or else the next one. */
function lineNow(report, file) {
  const here = (steps = []) => steps.map(({ place }) => placeOf(place)).filter((at) => at.file === file);
  return (here(report.under_way).at(-1) ?? here(report.next)[0])?.line ?? 0;
}
