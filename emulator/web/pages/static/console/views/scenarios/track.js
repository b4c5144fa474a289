// A strip below the curves: live streams, faults, steps and expectations over time.

import { html } from "../../../lib/html.js";
import { duration } from "../../../lib/parts.js";

const WIDTH = 1000;
const ROW = 16;
const STREAMS_MAX = 8;
const MARKS_MAX = 300;

export function Track({ report }) {
  const { chart, length_ms } = report;
  const x = (ms) => (Math.min(1, Math.max(0, ms / Math.max(1, length_ms))) * WIDTH).toFixed(1);
  const names = [...new Set(chart.states.map(({ name }) => name))].slice(0, STREAMS_MAX);
  const marksY = (names.length + 1) * ROW;
  const height = marksY + ROW;
  const label = `Streams, faults and expectations over ${duration(length_ms / 1000)}`;
  return html`
    <div class="track">
      <svg viewBox="0 0 ${WIDTH} ${height}" preserveAspectRatio="none" role="img" aria-label=${label}>
        ${names.map((name, row) => spans(chart.states, name).map((span) => html`
          <${Span} span=${span} x=${x} y=${row * ROW + 2} height=${ROW - 4} />`))}
        ${chart.faults.map((span) => html`
          <${Span} span=${{ ...span, kind: "fault" }} x=${x} y=${0} height=${marksY} />`)}
        ${report.steps.filter(({ started_ms }) => started_ms !== null).slice(-MARKS_MAX)
          .map((step) => html`<rect class="step ${step.ok ? "" : "bad"}" width="1.5" height=${ROW - 6}
            x=${x(step.started_ms)} y=${marksY - ROW + 3}><title>${step.name}: ${step.action}</title></rect>`)}
        ${report.expectations.slice(-MARKS_MAX).map((item) => html`
          <rect class=${item.met ? "good" : "bad"} width="5" height=${ROW - 4}
            x=${Math.max(0, x(item.at_ms) - 2.5)} y=${marksY + 2}>
            <title>${item.fact} ${item.wanted}: ${item.met ? "met" : "missed"}</title>
          </rect>`)}
      </svg>
      <p class="row">
        ${names.map((name) => html`<small key=${name}>${name}</small>`)}
        <span class="space"></span>
        <small class="key live">live</small><small class="key fault">fault</small>
        <small class="key good">met</small><small class="key bad">missed</small>
      </p>
    </div>
  `;
}

const spans = (states, name) => states.filter((span) => span.name === name);

const Span = ({ span, x, y, height }) => html`
  <rect class=${span.kind} x=${x(span.from_ms)} y=${y} height=${height} rx="2"
    width=${Math.max(1, x(span.to_ms) - x(span.from_ms))}>
    <title>${span.name}: ${span.kind}</title>
  </rect>
`;
