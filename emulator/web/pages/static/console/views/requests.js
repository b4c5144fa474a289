// Requests of apps to this world, and their answers.

import { admin, chosenWorld } from "../../lib/api.js";
import { curl } from "../../lib/curl.js";
import { html, useState } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Badge, Short, when, View } from "../../lib/parts.js";
import { FilterBox, parse, useFind, yesNo } from "../inspect/filter.js";
import { Inspector } from "../inspect/inspector.js";
import { LogList } from "../inspect/list.js";
import { useNewest } from "../inspect/newest.js";
import { Request, Status, took } from "../inspect/request.js";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const YES_NO = { read: yesNo };
const WORDS = {
  path: {},
  status: { read: (value) => value.toLowerCase() },
  method: { read: (value) => value.toUpperCase() },
  user: {},
  credential: {},
  unknown: { ...YES_NO, name: "has_unknown_fields" },
  matched: { ...YES_NO, name: "is_matched" },
  has_unknown_fields: YES_NO,
  has_two_credentials: YES_NO,
  is_matched: YES_NO,
  trace_id: {},
  event: {},
};
const CHIPS = [
  ["4xx", "status:4xx"],
  ["5xx", "status:5xx"],
  ["Wrong key", "credential:invalid"],
  ["Unknown fields", "unknown:yes"],
  ["No such operation", "matched:no"],
];
const COLUMNS = [
  { title: "Request", cell: (request) => html`<${Line} request=${request} />` },
  { title: "Status", cell: ({ status }) => html`<${Status} status=${status} />` },
  { title: "User", cell: ({ user, credential }) => html`<${Short} text=${user ?? wordOf(credential)} />`, hideable: true },
  { title: "Took", cell: took, align: "end", hideable: true },
  { title: "Time", cell: ({ at }) => when(at), align: "end" },
];

/** A text without a name before it is a method, a status, or part of the path. */
function bare(text) {
  if (METHODS.includes(text.toUpperCase())) return ["method", text.toUpperCase()];
  return /^[1-5](\d\d|xx)$/i.test(text) ? ["status", text.toLowerCase()] : ["path", text];
}

export default function Requests({ id, query }) {
  const find = useFind(query, WORDS);
  const [isPaused, setPaused] = useState(false);
  const { values, mistake } = parse(find, WORDS, bare);
  const log = useNewest({
    path: "requests",
    name: "requests",
    values: { ...values, world: chosenWorld() },
    on: ["RequestLogged"],
    isPaused,
  });
  return html`
    <${View} title="Requests"
      about="The requests of apps to this world. Those of this console are left out.">
      <${FilterBox} find=${find} label="Filter requests" chips=${CHIPS} mistake=${mistake}
        placeholder="status:4xx method:POST user:demo /streams">
        <button aria-pressed=${isPaused} onClick=${() => setPaused(!isPaused)}>Pause</button>
      <//>
      <${Inspector}
        id=${id}
        list=${html`<${LogList} log=${log} columns=${COLUMNS} caption="Requests" id=${id}>
          ${find ? "No request matches the filter." : html`<${First} />`}
        <//>`}
        detail=${html`<${Request} id=${id} />`}
      />
    <//>
  `;
}

const Line = ({ request: { method, path, replay_of, unknown_fields } }) => html`
  <span class="mono"><b>${method}</b> ${path}</span>
  ${replay_of && html` <${Badge}>replay<//>`}
  ${unknown_fields.length > 0 && html` <${Badge} tone="warn">unknown fields<//>`}
`;

function First() {
  const { data: info } = usePolled(() => admin("GET", "info"));
  return html`
    <p>No app has sent a request to this world yet.</p>
    ${info && html`<p><code>${curl(info, "/api/v1/streams/")}</code></p>`}
  `;
}

const wordOf = (credential) => (credential === "invalid" ? "wrong key" : "–");
