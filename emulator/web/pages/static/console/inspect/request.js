// One request: what was sent and answered, and the events that it caused; and its replay.

import { admin } from "../../lib/api.js";
import { html, useState } from "../../lib/html.js";
import { Badge, Copy, date, duration, Json, problem, toast } from "../../lib/parts.js";
import { go, href, route } from "../../lib/router.js";
import { DetailHead, Facts, NotThere, Part, useOne } from "./inspector.js";

const FAULT = "x-emulator-fault";

export const took = ({ duration_us }) => (duration_us < 1000 ? "< 1 ms" : duration(duration_us / 1e6));

/** A status in the colour of its class. */
export function Status({ status }) {
  const tone = status >= 500 ? "bad" : status >= 400 ? "warn" : "good";
  return html`<${Badge} tone=${tone}>${status}<//>`;
}

export function Request({ id }) {
  const { data: request, error } = useOne("requests", id);
  if (error && !request) return html`<${NotThere} title=${`Request ${id}`} error=${error} />`;
  if (!request) return html`<p class="muted">Loading …</p>`;
  return html`
    <${DetailHead} title=${html`<span class="mono">${request.method} ${request.path}</span>`}>
      <${Status} status=${request.status} />
    <//>
    <${Remarks} request=${request} />
    <${Actions} request=${request} />
    <${Facts} facts=${factsOf(request)} />
    <${Content} request=${request} />
    <${Curl} request=${request} />
  `;
}

function factsOf(request) {
  const { user, credential, operation, replay_of, trace_id, user_agent } = request;
  const find = (seq) => html`<a href=${href("requests", String(seq), route().query)}>${seq}</a>`;
  return [
    ["Time", date(request.at)],
    ["User", user],
    ["Credential", credential],
    ["Took", took(request)],
    ["Operation", operation && html`<code>${operation}</code>`],
    ["Replay of", replay_of && find(replay_of)],
    ["Trace", trace_id && html`<code>${trace_id}</code>`],
    ["Client", user_agent],
  ];
}

/** Errors that a client would not notice. */
function Remarks({ request }) {
  const fault = request.response_headers[FAULT];
  const remarks = [
    fault && `A fault has made this answer: ${fault}.`,
    !request.operation && "There is no such operation: the address or the method is wrong.",
    request.credential === "invalid" && "The key or token is wrong or has expired.",
    request.has_two_credentials && "Both X-API-Key and Authorization were sent; the key was read.",
    request.unknown_fields.length &&
      `Unknown fields: ${request.unknown_fields.join(", ")}.`,
  ].filter(Boolean);
  return remarks.map((remark) => html`<p key=${remark} class="notice">${remark}</p>`);
}

function Actions({ request }) {
  const { seq, curl, replay_refusal, operation, path, method } = request;
  const [isSending, setSending] = useState(false);
  const replay = async () => {
    setSending(true);
    try {
      const again = await admin("POST", `requests/${seq}/replay`);
      toast(`Sent again: ${again.status}.`);
      go("requests", String(again.seq), route().query);
    } catch (error) {
      problem(error);
    } finally {
      setSending(false);
    }
  };
  const fault = { add: "api.fail", operation: operation ?? path, method };
  return html`
    <div class="row actions">
      <${Copy} text=${curl} title="Copy as curl" />
      <button disabled=${isSending || Boolean(replay_refusal)} onClick=${replay}>Replay</button>
      <a class="button" href=${href("faults", "", fault)}>Make this fail</a>
    </div>
    ${replay_refusal && html`<p class="muted">It cannot be replayed. ${replay_refusal}</p>`}
  `;
}

function Content({ request }) {
  const { query, body, response_body: answer, response_bytes: size } = request;
  const hasQuery = Object.keys(query).length > 0;
  return html`
    ${hasQuery && html`<${Part} title="Query"><${Json} value=${query} label="Query" /><//>`}
    ${body !== null && html`<${Part} title="Body"><${Json} value=${body} label="Body" /><//>`}
    <${Part} title="Answer" note=${`${size} bytes`}>
      ${answer === null
        ? html`<p class="muted">${size ? "Not text, or too long to be kept." : "Without a body."}</p>`
        : html`<${Json} value=${answer} label="Answer" />`}
    <//>
    <${Part} title="Events" note=${`${request.event_count} that this request caused`}>
      <${Events} request=${request} />
    <//>
    <${Part} title="Request headers" isOpen=${false}><${Headers} of=${request.request_headers} /><//>
    <${Part} title="Answer's headers" isOpen=${false}><${Headers} of=${request.response_headers} /><//>
  `;
}

const Headers = ({ of }) => html`<${Facts} facts=${Object.entries(of)} />`;

function Events({ request: { events } }) {
  if (!events.length) return html`<p class="muted">This request has changed nothing.</p>`;
  return html`<ol class="entries">
    ${events.map(({ seq, kind, values }) => html`<li key=${seq}>
      <a href=${href("events", String(seq))}>${kind}</a> <small>${JSON.stringify(values)}</small>
    </li>`)}
  </ol>`;
}

const Curl = ({ request: { curl, curl_notes } }) => html`
  <${Part} title="As curl" isOpen=${curl_notes.length > 0}>
    ${curl_notes.map((note) => html`<p key=${note} class="notice">${note}</p>`)}
    <pre class="json curl" tabindex="0" role="region" aria-label="As curl">${curl}</pre>
  <//>
`;
