// Viewers and chat over a run's time: of one run with a line a stream, of two laid over each other.

import { html } from "../../../lib/html.js";
import { Chart } from "../../../lib/parts.js";

const LINES_MAX = 4;

/** `runs` are reports, `names` what they are called where there is more than one. */
export function Curves({ runs, names = [] }) {
  const viewers = runs.length === 1 ? ofStreams(runs[0]) : ofRuns(runs, names, "viewers");
  const chat = runs.length === 1 ? [["lines", runs[0].chart.chat]] : ofRuns(runs, names, "chat");
  return html`
    <div class="curves">
      <${Curve} title="Viewers" curves=${viewers} />
      <${Curve} title="Chat lines a second" curves=${chat} isRate />
    </div>
  `;
}

function Curve({ title, curves, isRate = false }) {
  const stepMs = Math.max(...curves.map(([, curve]) => curve.every_ms));
  const lengths = curves.map(([, { values, every_ms }]) => Math.ceil((values.length * every_ms) / stepMs));
  const times = Array.from({ length: Math.max(1, ...lengths) }, (_, index) => (index * stepMs) / 1000);
  const series = curves.map(([label, curve]) => ({
    label,
    values: times.map((_, index) => valueAt(curve, index, stepMs, isRate)),
  }));
  return html`<${Chart} title=${title} times=${times} series=${series} />`;
}

/** Of intervals that are joined, the lines are added up and the most viewers are kept. */
function valueAt({ values, every_ms }, index, stepMs, isRate) {
  const joined = stepMs / every_ms;
  const part = values.slice(index * joined, (index + 1) * joined);
  if (!part.length) return null;
  if (!isRate) return Math.max(...part);
  const lines = part.reduce((sum, value) => sum + value, 0);
  return Math.round((lines / (stepMs / 1000)) * 100) / 100;
}

function ofStreams({ chart }) {
  const own = chart.streams.length > 1 ? chart.streams.slice(0, LINES_MAX - 1) : [];
  return [["all", chart.viewers], ...own.map(({ name, viewers }) => [name, viewers])];
}

const ofRuns = (runs, names, kind) => runs.map(({ chart }, index) => [names[index], chart[kind]]);
