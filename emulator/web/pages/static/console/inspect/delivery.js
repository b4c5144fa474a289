// One delivery of a webhook: its content, and the result of each attempt.

import { admin } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Badge, Copy, date, Json, problem, when, toast } from "../../lib/parts.js";
import { DetailHead, Facts, NotThere, Part } from "./inspector.js";

export const DELIVERY_EVERY_MS = 3000;
const TONES = { delivered: "good", waiting: "warn", failed: "bad", dropped: "bad" };

export function State({ delivery: { state, attempts } }) {
  // A waiting delivery that was tried before waits for its next attempt.
  const word = state === "waiting" && attempts ? "retrying" : state;
  return html`<${Badge} tone=${TONES[state]}>${word}<//>`;
}

export function Delivery({ id }) {
  const load = () => admin("GET", `webhooks/deliveries/${encodeURIComponent(id)}`);
  const { data: delivery, error } = usePolled(load, { deps: [id], everyMs: DELIVERY_EVERY_MS });
  if (error && !delivery) return html`<${NotThere} title="Delivery" error=${error} />`;
  if (!delivery) return html`<p class="muted">Loading …</p>`;
  const { attempt_log: attempts } = delivery;
  return html`
    <${DetailHead} title=${delivery.event}><${State} delivery=${delivery} /><//>
    <div class="row actions">
      <button onClick=${() => resend(id)}>Resend</button>
      <${Copy} text=${delivery.body} title="Copy body" />
    </div>
    <${Facts} facts=${factsOf(delivery)} />
    <${Part} title="Attempts" note=${attempts.length}>
      ${attempts.length
        ? html`<ol class="entries">${[...attempts].reverse().map(
            (attempt) => html`<${Attempt} key=${attempt.number} attempt=${attempt} />`)}</ol>`
        : html`<p class="muted">None yet.</p>`}
    <//>
    <${Part} title="Body"><${Json} value=${parsed(delivery.body)} label="Body" /><//>
  `;
}

function factsOf({ id, url, created_at, due_at }) {
  return [
    ["To", url ?? "a webhook that was removed"],
    ["Made", date(created_at)],
    ["Next attempt", due_at && date(due_at)],
    ["Id", html`<code>${id}</code>`],
  ];
}

function Attempt({ attempt: { number, at, status, outcome, headers } }) {
  const isGood = status >= 200 && status < 300;
  return html`<li>
    <details>
      <summary>
        ${number}. ${when(at)} <${Badge} tone=${isGood ? "good" : "bad"}>${status ?? "no answer"}<//>
        ${!isGood && outcome && html` <small>${outcome}</small>`}
      </summary>
      ${outcome && html`<pre class="json" tabindex="0" role="region"
        aria-label=${`Answer of attempt ${number}`}>${outcome}</pre>`}
      ${headers
        ? html`<${Facts} facts=${Object.entries(headers)} />`
        : html`<p class="muted">Nothing was sent.</p>`}
    </details>
  </li>`;
}

async function resend(id) {
  try {
    await admin("POST", `webhooks/deliveries/${encodeURIComponent(id)}/replay`);
    toast("It is sent again, under the same id.");
  } catch (error) {
    problem(error);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text; // A body made by hand is shown as written.
  }
}
