// The scenarios of the library, and the runs.

import { admin } from "../../../lib/api.js";
import { html } from "../../../lib/html.js";
import { usePolled } from "../../../lib/live.js";
import { Badge, Empty, Problem, View } from "../../../lib/parts.js";
import { href, setQuery } from "../../../lib/router.js";
import { length } from "./outcome.js";
import { Recorder } from "./recorder.js";
import { RunList } from "./run_list.js";

export function Library({ query }) {
  const { data, error } = usePolled(() => admin("GET", "scenarios"));
  const wanted = (query.find ?? "").toLowerCase();
  const scenarios = data?.scenarios.filter((entry) => textOf(entry).includes(wanted)) ?? [];
  const actions = html`
    <${Recorder} query=${query} />
    <a class="button" href=${href("scenarios", "edit")}>Write one</a>
  `;
  const about = "Scripts of what happens on the platform, with expectations.";
  return html`
    <${View} title="Scenarios" about=${about} actions=${actions}>
      <${Problem} error=${error} />
      <${RunList} picked=${query.pick} />
      <h2>Library</h2>
      <div class="toolbar">
        <input type="search" aria-label="Search the library" placeholder="Name, subject, parameter"
          value=${query.find ?? ""} onInput=${({ target }) => setQuery({ find: target.value })} />
      </div>
      ${data && !scenarios.length && html`<${Empty}>No scenario matches.<//>`}
      <ul class="grid scenario-cards">
        ${scenarios.map((entry) => html`<${Card} key=${entry.name} entry=${entry} />`)}
      </ul>
    <//>
  `;
}

function Card({ entry }) {
  const { name, title, about, params, length_ms, expectations } = entry;
  return html`
    <li class="card">
      <h3><a href=${href("scenarios", name)}>${title}</a></h3>
      <p>${about}</p>
      <p class="row">
        <${Badge}>${length(length_ms)}<//>
        <${Badge}>${expectations} expected<//>
        ${params.map((param) => html`<code key=${param.name}>${param.name}</code>`)}
      </p>
    </li>
  `;
}

const textOf = ({ name, title, about, params }) =>
  [name, title, about, ...params.flatMap((param) => [param.name, param.help])]
    .join(" ")
    .toLowerCase();
