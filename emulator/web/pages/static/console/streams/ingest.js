// Ingest health: what the publisher sends, now and over the last ten minutes, and warnings.

import { admin } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Badge, Empty, Problem, Tiles } from "../../lib/parts.js";
import { isOf, STREAM_EVENTS } from "./facts.js";
import { Charts, tilesOf } from "./ingest_figures.js";

const EVERY_MS = 2000;

export function Ingest({ stream }) {
  const { id, is_publishing: isPublishing, protocol } = stream;
  const isMeasured = isPublishing && protocol !== "synthetic";
  const load = async () => {
    const [health, history] = await Promise.all([
      admin("GET", `streams/${id}/ingest`),
      admin("GET", `streams/${id}/ingest/history`),
    ]);
    return { health, history };
  };
  const { data, error } = usePolled(load, {
    on: STREAM_EVENTS,
    where: isOf(id),
    everyMs: isMeasured || stream.status === "live" ? EVERY_MS : 0,
    deps: [id],
  });
  return html`
    <section class="card" aria-labelledby="ingest">
      <${Head} health=${data?.health} />
      <${Problem} error=${error} />
      ${data && html`<${Figures} ...${data} protocol=${protocol} />`}
    </section>
  `;
}

function Head({ health }) {
  const isKnown = health?.is_publishing && health.warnings;
  return html`
    <header class="row section-head">
      <h2 id="ingest">Ingest health</h2>
      <span role="status">
        ${isKnown && (health.warnings.length
          ? html`<${Badge} tone="warn">${health.warnings.length === 1 ? "1 warning" : `${health.warnings.length} warnings`}<//>`
          : html`<${Badge} tone="good">Healthy<//>`)}
      </span>
      <span class="space"></span>
      ${health?.encoder && html`<small>${health.encoder}</small>`}
    </header>
  `;
}

function Figures({ health, history, protocol }) {
  if (protocol === "synthetic") {
    return html`<${Empty}>A synthetic publisher sends no media, so there is nothing to measure.<//>`;
  }
  if (!history.frames.length && !health.is_publishing) {
    return html`<${Empty}>Nobody publishes. What comes is measured here, second by second.<//>`;
  }
  return html`
    <${Warnings} warnings=${health.warnings ?? []} />
    <${Tiles} tiles=${tilesOf(health)} />
    <${Charts} history=${history} />
  `;
}

const Warnings = ({ warnings }) =>
  warnings.length > 0 && html`
    <ul class="notice warnings">${warnings.map((text) => html`<li key=${text}>${text}</li>`)}</ul>
  `;
