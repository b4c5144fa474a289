// The live streams, and a button that makes one live.

import { admin } from "../../../lib/api.js";
import { html, useState } from "../../../lib/html.js";
import { Badge, count, Empty, problem, Short, Table } from "../../../lib/parts.js";
import { go, href } from "../../../lib/router.js";
import { ownStream } from "../../../lib/own_streams.js";

const COLUMNS = [
  { title: "Title", cell: ({ title }) => title },
  { title: "By", cell: ({ user }) => html`<${Short} text=${user.username} />` },
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

/** `total` is the number of live streams; `streams` are the first of them. */
export function LiveNow({ streams, total }) {
  return html`
    <section>
      <div class="toolbar">
        <h2>Live now</h2>
        <span class="space"></span>
        <${GoLive} />
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
      ${total > streams?.length && html`<p class="muted">
        The newest ${streams.length} of ${count(total)}. <a href=${href("streams", "", { status: "live" })}>All live streams</a>
      </p>`}
    </section>
  `;
}

/** The built-in publisher needs a second to start: until then the button says so. */
function GoLive() {
  const [isComing, setComing] = useState(false);
  const press = async () => {
    setComing(true);
    try {
      const stream = await ownStream("Test picture");
      if (stream.status !== "live") await admin("POST", `streams/${stream.id}/publish`, {});
      go("streams", stream.id);
    } catch (error) {
      problem(error);
    } finally {
      setComing(false);
    }
  };
  return html`
    <button disabled=${isComing} onClick=${press}>
      ${isComing ? "Going live …" : "Go live with the test picture"}
    </button>
  `;
}
