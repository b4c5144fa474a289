// The report of a run: the page that `scenario run --report` writes.

import { admin, adminHeaders } from "../../../lib/api.js";
import { html } from "../../../lib/html.js";
import { problem } from "../../../lib/parts.js";
import { save } from "./save.js";

export function Report({ run }) {
  const address = `/_emulator/scenarios/runs/${run.id}`;
  const download = async () => {
    try {
      const headers = { ...adminHeaders(), Accept: "text/html" };
      const response = await fetch(address, { headers });
      if (!response.ok) throw new Error(`The answer was ${response.status}.`);
      save(`${run.id}.html`, await response.text(), "text/html");
    } catch (error) {
      problem(error);
    }
  };
  const facts = async () => {
    const { report } = await admin("GET", `scenarios/runs/${run.id}/report`);
    save(`${run.id}.json`, JSON.stringify(report, null, 1), "application/json");
  };
  // A frame cannot send the admin token; with a token the page is downloaded instead.
  const isGuarded = Boolean(adminHeaders().Authorization);
  return html`
    <div class="stack">
      <div class="row">
        <button onClick=${download}>Download the page</button>
        <button onClick=${() => facts().catch(problem)}>Download as JSON</button>
        ${!isGuarded && html`<a class="button" href=${address} target="_blank" rel="noopener">Open alone</a>`}
      </div>
      ${isGuarded
        ? html`<p class="muted">The admin token keeps the report from being shown here.</p>`
        : html`<iframe class="report" title=${`Report of ${run.scenario}`} src=${address} />`}
    </div>
  `;
}
