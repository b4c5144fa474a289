// An editor for scenarios: checked during typing, played, saved. The draft stays in the tab.

import { admin } from "../../../lib/api.js";
import { html, useEffect, useState } from "../../../lib/html.js";
import { confirm, Empty, problem, View } from "../../../lib/parts.js";
import { href } from "../../../lib/router.js";
import { useCheck } from "./check.js";
import { Errors, Plan } from "./editor_notes.js";
import { save } from "./save.js";
import { StartForm } from "./start_form.js";
import { TextEditor } from "./text_editor.js";

const BLANK = `scenario: My broadcast
about: One stream, some viewers, some chat.

world:
  users:
    - {name: ada}
  streams:
    - {name: launch, owner: ada, title: Launch night}

timeline:
  - publish.start: launch
  - at: 10s
    viewers.set: {stream: launch, count: 100}
  - for: 30s
    chat.flood: {stream: launch, rate: 5/s, authors: 20}
  - at: 1m
    publish.stop: launch

expect:
  chat.launch.lost: 0
`;

export function Editor({ query }) {
  const key = `scenario ${query.from ?? query.run ?? query.after ?? "new"}`;
  const [draft, setDraft] = useDraft(key, query);
  if (!draft) return html`<${View} title="Edit a scenario" />`;
  return html`<${Opened} draft=${draft} setDraft=${setDraft} query=${query} />`;
}

function Opened({ draft, setDraft, query }) {
  const { file, text, files } = draft;
  const source = { file, text, files };
  const checked = useCheck(source);
  const [caret, setCaret] = useState(null);
  const actions = html`
    <button onClick=${() => save(file, text)}>Download</button>
    <button onClick=${() => discard(() => setDraft(null))}>Start over</button>
    <a class="button" href=${href("scenarios", query.run ?? query.from)}>Back</a>
  `;
  const errors = checked?.errors ?? [];
  return html`
    <${View} title="Edit a scenario" actions=${actions}
      about=${html`<code>${file}</code>. Kept in this tab until you close it.`}>
      <div class="editing">
        <div class="stack">
          <${TextEditor} text=${text} errors=${errors.filter((error) => error.file === file)} caret=${caret}
            onChange=${(changed) => setDraft({ ...draft, text: changed })} />
          <${Errors} errors=${errors} isChecked=${checked !== null} onShow=${(error) => setCaret({ ...error })} />
        </div>
        <div class="stack">
          ${checked?.scenario
            ? html`<section class="card">
                <h2>Play it</h2>
                <${StartForm} scenario=${checked.scenario} source=${source} />
              </section>`
            : html`<${Empty}>Once there are no problems, play it here.<//>`}
          ${checked?.valid && html`<${Plan} plan=${checked.plan} onShow=${(step) => setCaret({ ...step })} />`}
        </div>
      </div>
    <//>
  `;
}

/** The text typed in this tab, or else a scenario of the library, of a run, recorded, or empty. */
function useDraft(key, query) {
  const [draft, setDraft] = useState(() => JSON.parse(sessionStorage.getItem(key) ?? "null"));
  useEffect(() => {
    if (!draft) original(query).then(setDraft, problem);
  }, [draft]);
  const change = (changed) => {
    if (changed) sessionStorage.setItem(key, JSON.stringify(changed));
    else sessionStorage.removeItem(key);
    setDraft(changed);
  };
  return [draft, change];
}

async function original({ from, run, after, since }) {
  if (after !== undefined) {
    const asked = new URLSearchParams({ after, since_ms: since });
    const { text, files } = await admin("GET", `scenarios/recordings?${asked}`);
    return { file: "recorded.yaml", text, files };
  }
  if (run) {
    const { report } = await admin("GET", `scenarios/runs/${run}/report`);
    const [[file, text] = ["scenario.yaml", BLANK], ...others] = Object.entries(report.sources);
    return { file, text, files: Object.fromEntries(others) };
  }
  if (!from) return { file: "scenario.yaml", text: BLANK, files: {} };
  const { file, text, files } = await admin("GET", `scenarios/library/${encodeURIComponent(from)}`);
  return { file, text, files };
}

const discard = (act) =>
  confirm({ title: "Start over?", text: "What you typed here is lost.", name: "Start over", act });
