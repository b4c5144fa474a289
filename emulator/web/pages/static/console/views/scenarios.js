// Scenarios: the library, one scenario, a run, two runs side by side, and the editor.

import { html } from "../../lib/html.js";
import { Compare } from "./scenarios/compare.js";
import { Editor } from "./scenarios/editor.js";
import { Library } from "./scenarios/library.js";
import { LibraryScenario } from "./scenarios/library_scenario.js";
import { Run } from "./scenarios/run.js";

export default function Scenarios({ id, query }) {
  if (id === "compare") return html`<${Compare} query=${query} />`;
  if (id === "edit") return html`<${Editor} key=${JSON.stringify(query)} query=${query} />`;
  if (/^run-\d+$/.test(id)) return html`<${Run} key=${id} id=${id} query=${query} />`;
  if (id) return html`<${LibraryScenario} key=${id} name=${id} />`;
  return html`<${Library} query=${query} />`;
}
