// The rail: the list of all views by group. On a narrow window the bar's menu button opens it.

import { html } from "../lib/html.js";
import { href, useRoute } from "../lib/router.js";
import { GROUPS, VIEWS } from "./views.js";

export function Rail({ current, isOpen }) {
  const { world } = useRoute();
  return html`
    <nav id="rail" class="rail ${isOpen ? "open" : ""}" aria-label="Views">
      ${GROUPS.map(
        (group) => html`
          <h2 key=${group}>${group}</h2>
          <ul>
            ${VIEWS.filter((view) => view.group === group).map(
              ({ name, title }) => html`
                <li key=${name}>
                  <a href=${href(name, "", {}, world)} aria-current=${name === current ? "page" : undefined}>
                    ${title}
                  </a>
                </li>
              `,
            )}
          </ul>
        `,
      )}
      <p class="rail-foot"><a href="/">Front door</a> <a href="/docs">API</a></p>
    </nav>
  `;
}
