// The last errors: requests answered with an error, and refused publishers.

import { admin } from "../../../lib/api.js";
import { html } from "../../../lib/html.js";
import { usePolled } from "../../../lib/live.js";
import { Badge, when } from "../../../lib/parts.js";
import { href, route } from "../../../lib/router.js";

const LINES_MAX = 5;

export function Troubles() {
  return html`
    <div class="halves">
      <section class="card">
        <div class="row"><h2>Last failed requests</h2><span class="space"></span>
          <a href=${href("requests", "", { find: "status:4xx" })}>All</a></div>
        <${FailedRequests} />
      </section>
      <section class="card">
        <div class="row"><h2>Last refused publishers</h2><span class="space"></span>
          <a href=${href("events", "", { find: "kind:PublishRefused" })}>All</a></div>
        <${RefusedPublishers} />
      </section>
    </div>
  `;
}

function FailedRequests() {
  const { data } = usePolled(failed, { on: ["RequestLogged"] });
  if (data?.length === 0) return html`<p class="muted">No request has failed.</p>`;
  return html`
    <ul class="lines">
      ${data?.map(
        ({ seq, at, method, path, status }) => html`
          <li key=${seq}>
            <time datetime=${at}>${when(at)}</time>
            <a href=${href("requests", String(seq))}>${method} ${path}</a>
            <${Badge} tone=${status >= 500 ? "bad" : "warn"}>${status}<//>
          </li>
        `,
      )}
    </ul>
  `;
}

async function failed() {
  const query = `order=newest&limit=${LINES_MAX}&world=${encodeURIComponent(route().world)}`;
  const pages = await Promise.all(
    ["4xx", "5xx"].map((status) => admin("GET", `requests?status=${status}&${query}`)),
  );
  const requests = pages.flatMap(({ requests }) => requests);
  return requests.sort((one, other) => other.seq - one.seq).slice(0, LINES_MAX);
}

function RefusedPublishers() {
  const load = () => admin("GET", `events?kind=PublishRefused&order=newest&limit=${LINES_MAX}`);
  const { data } = usePolled(load, { on: ["PublishRefused"] });
  if (data?.events.length === 0) return html`<p class="muted">No publisher was refused.</p>`;
  return html`
    <ul class="lines">
      ${data?.events.map(
        ({ seq, at, values }) => html`
          <li key=${seq}>
            <time datetime=${at}>${when(at)}</time>
            ${values.stream_id
              ? html`<a href=${href("streams", values.stream_id)}>${values.message}</a>`
              : html`<span>${values.message}</span>`}
            <${Badge} tone="warn">${values.code}<//>
          </li>
        `,
      )}
    </ul>
  `;
}
