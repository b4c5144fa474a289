// One scenario of the library: its description and text, and a form that plays it.

import { admin } from "../../../lib/api.js";
import { html } from "../../../lib/html.js";
import { usePolled } from "../../../lib/live.js";
import { Problem, View } from "../../../lib/parts.js";
import { href } from "../../../lib/router.js";
import { SourceText } from "./source_text.js";
import { StartForm } from "./start_form.js";

export function LibraryScenario({ name }) {
  const path = `scenarios/library/${encodeURIComponent(name)}`;
  const { data, error } = usePolled(() => admin("GET", path), { deps: [name] });
  if (!data) return html`<${View} title=${name}><${Problem} error=${error} /><//>`;
  const actions = html`
    <a class="button" href=${href("scenarios")}>All scenarios</a>
    <a class="button" href=${href("scenarios", "edit", { from: name })}>Edit a copy</a>
  `;
  return html`
    <${View} title=${data.title} about=${data.about} actions=${actions}>
      <div class="split">
        <section class="card" aria-labelledby="play">
          <h2 id="play">Play it</h2>
          <${StartForm} scenario=${data} source=${{ name }} />
        </section>
        <${SourceText} file=${data.file} text=${data.text} />
      </div>
    <//>
  `;
}
