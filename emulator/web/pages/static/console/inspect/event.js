// One event: its values, its subjects, and the request that caused it.

import { admin, ApiError } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { date, Json } from "../../lib/parts.js";
import { href } from "../../lib/router.js";
import { DetailHead, Facts, NotThere, Part } from "./inspector.js";
import { Status } from "./request.js";

/** Write values on one line: `title=Tea viewers=3`. */
export const summary = (values) =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");

export function Event({ id }) {
  const { data: event, error } = usePolled(() => read(id), { deps: [id] });
  if (error) return html`<${NotThere} title=${`Event ${id}`} error=${error} />`;
  if (!event) return html`<p class="muted">Loading …</p>`;
  return html`
    <${DetailHead} title=${event.kind} />
    <${Facts} facts=${factsOf(event)} />
    <${Part} title="Values"><${Json} value=${event.values} label="Values" /><//>
    <${Cause} id=${id} />
  `;
}

async function read(id) {
  const isNumber = /^[1-9]\d{0,14}$/.test(id);
  const { events } = isNumber
    ? await admin("GET", `events?after=${Number(id) - 1}&limit=1`)
    : { events: [] };
  if (String(events[0]?.seq) === id) return events[0];
  throw new ApiError(404, "not_found", `This world has no event ${id}.`);
}

function factsOf({ seq, at, values }) {
  const link = (view, value) => value && html`<a href=${href(view, value)}>${value}</a>`;
  return [
    ["Time", date(at)],
    ["Number", seq],
    ["Stream", link("streams", values.stream_id)],
    ["Recording", link("recordings", values.vod_id)],
    ["Mail", link("mails", values.mail_id)],
    ["Delivery", link("webhooks", values.delivery_id)],
  ];
}

/** The request that caused it, if the log still contains it. */
function Cause({ id }) {
  const load = () => admin("GET", `requests?event=${id}&limit=1`);
  const { data } = usePolled(load, { deps: [id] });
  const request = data?.requests[0];
  return html`<${Part} title="Cause">
    ${request
      ? html`<p><a class="mono" href=${href("requests", String(request.seq))}>
          ${request.method} ${request.path}</a> <${Status} status=${request.status} />
          ${request.user && html` <small>by ${request.user}</small>`}</p>`
      : html`<p class="muted">No request of the log: a publisher, a viewer, the clock, a scenario or
          this console.</p>`}
  <//>`;
}
