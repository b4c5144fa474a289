// Record the events of this world as a scenario, from now until it is stopped.

import { admin } from "../../../lib/api.js";
import { html } from "../../../lib/html.js";
import { problem } from "../../../lib/parts.js";
import { href, setQuery } from "../../../lib/router.js";

export function Recorder({ query: { after, since } }) {
  const start = async () => {
    try {
      const point = await admin("POST", "scenarios/recordings");
      setQuery({ after: point.after, since: point.now_ms });
    } catch (error) {
      problem(error);
    }
  };
  if (after === undefined) return html`<button onClick=${start}>Record one</button>`;
  return html`
    <span role="status">The events of this world are being recorded.</span>
    <a class="button primary" href=${href("scenarios", "edit", { after, since })}>Stop and edit</a>
    <button onClick=${() => setQuery({ after: undefined, since: undefined })}>Discard</button>
  `;
}
