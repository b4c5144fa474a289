// The live streams, as cards that link to the site.

import { platform } from "../lib/api.js";
import { html } from "../lib/html.js";
import { usePolled } from "../lib/live.js";
import { Badge, count, Empty, Picture, Problem } from "../lib/parts.js";
import { href } from "../lib/router.js";

const EVENTS = ["StreamWentLive", "StreamEnded", "StreamUpdated"];
// The number of viewers changes all the time.
const LOOK_EVERY_MS = 10_000;
const CARDS_MAX = 6;

export function OnAir() {
  const load = () => platform("GET", `streams/?status_filter=live&per_page=${CARDS_MAX}`);
  const { data, error } = usePolled(load, { on: EVENTS, everyMs: LOOK_EVERY_MS });
  return html`
    <section>
      <h2>On air</h2>
      <${Problem} error=${error} />
      ${data?.streams.length === 0 && html`<${Empty}>Nobody is live. Go live with the test picture.<//>`}
      <ul class="cards">
        ${data?.streams.map((stream) => html`<${Card} key=${stream.id} stream=${stream} />`)}
      </ul>
    </section>
  `;
}

function Card({ stream }) {
  const { title, user, category, viewer_count, thumbnail_url, playback } = stream;
  return html`
    <li class="stream-card">
      <a href=${`/_emulator/site/${href("watch", `@${user.username}`)}`}>
        <span class="thumb">
          <${Picture} address=${thumbnail_url && playback.thumbnail} width="320" height="180" />
          <${Badge} tone="live">Live<//>
        </span>
        <strong>${title}</strong>
      </a>
      <small>${user.display_name || user.username}${category && ` · ${category.name}`} · ${count(viewer_count)} watching</small>
    </li>
  `;
}
