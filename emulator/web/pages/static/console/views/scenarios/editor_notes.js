// Next to the editor: the errors of the text, or else its plan.

import { html } from "../../../lib/html.js";
import { Table, duration } from "../../../lib/parts.js";

const SHOWN_MAX = 50;

export function Errors({ errors, isChecked, onShow }) {
  const words = errors.length
    ? `${errors.length} ${errors.length === 1 ? "problem" : "problems"}`
    : "No problems found";
  return html`
    <section class="errors" aria-label="Problems">
      <p class=${errors.length ? "bad" : "good"} role="status">${isChecked ? words : "…"}</p>
      <ol>
        ${errors.slice(0, SHOWN_MAX).map((error, index) => html`
          <li key=${index}>
            <button class="link" onClick=${() => onShow(error)}>Line ${error.line}, column ${error.column}</button>
            ${" "}${error.message}
          </li>`)}
      </ol>
    </section>
  `;
}

export function Plan({ plan, onShow }) {
  const columns = [
    { title: "At", align: "end", cell: ({ starts_ms: ms }) => (ms === null ? "when it is" : duration(ms / 1000)) },
    { title: "Step", cell: ({ name }) => name },
    { title: "Action", hideable: true, cell: ({ action }) => html`<code>${action}</code>` },
    {
      title: "Line",
      align: "end",
      cell: (step) => html`<button class="link" onClick=${() => onShow(step)}>${step.line}</button>`,
    },
  ];
  const rows = plan.map((step, number) => ({ ...step, number })).slice(0, SHOWN_MAX);
  return html`
    <section>
      <h2>What happens</h2>
      <${Table} caption="What happens" columns=${columns} rows=${rows} keyOf=${({ number }) => number} />
    </section>
  `;
}
