// The live streams, and a button that makes one live.

import { admin, keyOf, platform } from "../../../lib/api.js";
import { html } from "../../../lib/html.js";
import { Badge, count, Empty, problem, Table } from "../../../lib/parts.js";
import { go, href } from "../../../lib/router.js";

const COLUMNS = [
  { title: "Title", cell: ({ title }) => title },
  { title: "By", cell: ({ user }) => user.username },
  { title: "State", cell: () => html`<${Badge} tone="live">Live<//>`, hideable: true },
  { title: "Protocol", cell: ({ protocol }) => protocol ?? "–", hideable: true },
  { title: "Viewers", align: "end", cell: ({ viewer_count }) => count(viewer_count) },
  {
    title: "",
    cell: ({ title, cloudflare_stream_id }) => html`
      <a class="button" href=${`/${cloudflare_stream_id}/watch`} aria-label=${`Watch ${title}`}>Watch</a>
    `,
    hideable: true,
  },
];

export function LiveNow({ streams }) {
  return html`
    <section>
      <div class="toolbar">
        <h2>Live now</h2>
        <span class="space"></span>
        <button onClick=${goLive}>Go live with the test picture</button>
        <a class="button" href=${href("scenarios")}>Play a scenario</a>
      </div>
      ${streams?.length === 0 && html`<${Empty}>Nobody is live in this world.<//>`}
      ${streams?.length > 0 &&
      html`<${Table}
        caption="Streams that are live"
        columns=${COLUMNS}
        rows=${streams}
        keyOf=${({ id }) => id}
        onOpen=${({ id }) => go("streams", id)}
      />`}
    </section>
  `;
}

/** It uses an offline stream of the demo account, or creates one. */
async function goLive() {
  try {
    const { streams } = await admin("GET", "streams?status=offline&per_page=100");
    const waiting = streams.find(({ user }) => user.username === "demo");
    const stream = waiting ?? (await platform("POST", "streams/", { title: "Test picture" }, keyOf()));
    await admin("POST", `streams/${stream.id}/publish`, {});
    go("streams", stream.id);
  } catch (error) {
    problem(error);
  }
}
