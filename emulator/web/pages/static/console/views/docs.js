// The documentation of this release; it needs no network.

import { admin } from "../../lib/api.js";
import { html, useEffect } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Empty, Problem, View } from "../../lib/parts.js";
import { href, setQuery } from "../../lib/router.js";
import { Markdown } from "./docs/markdown.js";

const GROUPS = [["how-to", "How to"], ["reference", "Reference"]];

export default function Docs({ id, query }) {
  return id ? html`<${Page} key=${id} id=${id} />` : html`<${List} find=${query.find ?? ""} />`;
}

function List({ find }) {
  const { data, error } = usePolled(() => admin("GET", "docs"));
  const words = find.toLowerCase();
  const docs = data?.docs.filter(({ title, name }) => `${title} ${name}`.toLowerCase().includes(words));
  return html`
    <${View} title="Documentation" about="The guides and the reference of this release.">
      <div class="toolbar">
        <input type="search" value=${find} aria-label="Find a page" placeholder="Find a page"
          onInput=${(event) => setQuery({ find: event.target.value })} />
      </div>
      <${Problem} error=${error} />
      ${docs?.length === 0 && html`<${Empty}>No page matches.<//>`}
      <div class="halves">
        ${GROUPS.map(([group, title]) => html`
          <section key=${group} class="card">
            <h2>${title}</h2>
            <ul class="links">
              ${docs?.filter((doc) => doc.group === group).map((doc) => html`
                <li key=${doc.name}><a href=${href("docs", doc.name)}>${doc.title}</a></li>
              `)}
            </ul>
          </section>
        `)}
      </div>
    <//>
  `;
}

function Page({ id }) {
  const { data, error } = usePolled(() => admin("GET", `docs/${id}`), { deps: [id] });
  useEffect(() => scrollTo(0, 0), [id]);
  return html`
    <p><a href=${href("docs")}>All pages</a></p>
    ${error?.status === 404
      ? html`<p class="problem-line" role="alert">The documentation has no page ${id}.</p>`
      : html`<${Problem} error=${error} />`}
    <article class="prose">${data && html`<${Markdown} text=${data} base=${id} />`}</article>
  `;
}
