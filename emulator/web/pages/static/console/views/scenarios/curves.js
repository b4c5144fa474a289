// Viewers and chat during a run: of one run with a line for each stream, or of two runs together.

import { html } from "../../../lib/html.js";
import { Chart } from "../../../lib/parts.js";

const LINES_MAX = 4;

/** `runs` are reports; `names` are their labels if there is more than one. */
export function Curves({ runs, names = [] }) {
  const viewers = runs.length === 1 ? ofStreams(runs[0]) : ofRuns(runs, names, "viewers");
  const chat = runs.length === 1 ? [["lines", runs[0].chart.chat, runs[0].length_ms]] : ofRuns(runs, names, "chat");
  const lengthMs = Math.max(...runs.map(({ length_ms }) => length_ms));
  const isQuiet = chat.every(([, { values }]) => !values.some(Boolean));
  return html`
    <div class=${isQuiet ? "" : "curves"}>
      <${Curve} title="Viewers" curves=${viewers} lengthMs=${lengthMs} />
      ${!isQuiet && html`<${Curve} title="Chat lines a second" curves=${chat} lengthMs=${lengthMs} isRate />`}
    </div>
  `;
}

function Curve({ title, curves, lengthMs, isRate = false }) {
  const stepMs = Math.max(...curves.map(([, curve]) => curve.every_ms));
  const times = Array.from({ length: Math.floor(lengthMs / stepMs) + 1 }, (_, index) => (index * stepMs) / 1000);
  const series = curves.map(([label, curve, endMs]) => ({
    label,
    values: times.map((at, index) => (at * 1000 > endMs ? null : valueAt(curve, index, stepMs, isRate))),
  }));
  return html`<${Chart} title=${title} times=${times} series=${series} />`;
}

/** Of joined intervals the chat lines are added up, and the largest number of viewers is used. */
function valueAt({ values, every_ms }, index, stepMs, isRate) {
  const joined = stepMs / every_ms;
  const part = values.slice(index * joined, (index + 1) * joined);
  if (!isRate) return part.length ? Math.max(...part) : null;
  const lines = part.reduce((sum, value) => sum + value, 0);
  return Math.round((lines / (stepMs / 1000)) * 100) / 100;
}

function ofStreams({ chart, length_ms }) {
  const own = chart.streams.length > 1 ? chart.streams.slice(0, LINES_MAX - 1) : [];
  const all = [["all", chart.viewers], ...own.map(({ name, viewers }) => [name, viewers])];
  return all.map((curve) => [...curve, length_ms]);
}

const ofRuns = (runs, names, kind) =>
  runs.map(({ chart, length_ms }, index) => [names[index], chart[kind], length_ms]);
