// One stream: its picture, how to publish to it, its ingest health, and its viewers.

import { admin } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { date, Empty, Problem, View } from "../../lib/parts.js";
import { href } from "../../lib/router.js";
import { Audience } from "../viewers/audience.js";
import { Actions } from "./actions.js";
import { Credentials } from "./credentials.js";
import { isOf, ownerOf, StateBadge, STREAM_EVENTS, watchPath } from "./facts.js";
import { Ingest } from "./ingest.js";
import { Preview } from "./preview.js";
import { Targets } from "./targets.js";

export function StreamPage({ id }) {
  const { data: stream, error } = usePolled(() => admin("GET", `streams/${encodeURIComponent(id)}`), {
    on: STREAM_EVENTS,
    where: isOf(id),
    deps: [id],
  });
  if (!stream) {
    return html`
      <${View} title="Stream" about=${html`<${Back} />`}>
        ${error ? html`<${Problem} error=${error} />` : html`<${Empty}>Loading …<//>`}
      <//>
    `;
  }
  return html`
    <${View}
      title=${stream.title}
      about=${html`<${About} stream=${stream} />`}
      actions=${html`<${Actions} stream=${stream} />`}
    >
      <${Problem} error=${error} />
      <div class="stack">
        <div class="split stream-top">
          <${Preview} stream=${stream} />
          <${Credentials} stream=${stream} />
        </div>
        <${Ingest} stream=${stream} />
        <${Audience} stream=${stream} />
        <${Targets} stream=${stream} />
      </div>
    <//>
  `;
}

const Back = () => html`<a href=${href("streams")}>All streams</a>`;

function About({ stream }) {
  const { id, status, cloudflare_stream_id: uid, vod_id: vod, started_at: start } = stream;
  return html`
    <span class="row">
      <${Back} />
      <${StateBadge} stream=${stream} />
      <span>by ${ownerOf(stream)}${start && `, since ${date(start)}`}</span>
      <a href=${watchPath(uid)} target="_blank">Watch page</a>
      <a href=${href("chat", id)}>Chat</a>
      <a href=${href("recordings", "", { find: vod ?? stream.title })}>Recordings</a>
    </span>
  `;
}
