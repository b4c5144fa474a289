// A log's rows, and a button for older ones below them.

import { html } from "../../lib/html.js";
import { Empty, Problem, Table } from "../../lib/parts.js";
import { go, route } from "../../lib/router.js";

/** `log` is the result of `useNewest`. `children` are shown if there are no rows. */
export function LogList({ log, columns, caption, id, children }) {
  const { rows, hasMore, error, loadOlder } = log;
  const open = ({ seq }) => go(route().view, String(seq), route().query);
  return html`
    <${Problem} error=${error} />
    ${rows?.length === 0 && !hasMore && html`<${Empty}>${children}<//>`}
    ${rows?.length > 0 &&
    html`<${Table}
      caption=${caption}
      columns=${columns}
      rows=${rows}
      keyOf=${({ seq }) => seq}
      onOpen=${open}
      selected=${id || undefined}
    />`}
    ${hasMore && html`<p class="older"><button onClick=${loadOlder}>Older</button></p>`}
  `;
}
