// Home: live channels, recordings and clips.

import { html, useState } from "../lib/html.js";
import { count } from "../lib/parts/format.js";
import { Empty, Problem } from "../lib/parts/layout.js";
import { LiveCard, VideoCard } from "./cards.js";
import { ask } from "./client.js";
import { useLoaded, useTicks } from "./hooks.js";

const REFRESH_MS = 10_000;
const VIDEOS_REFRESH_MS = 30_000;
// The longest window that the platform has: what is live is shown however long ago it began.
const MONTH_HOURS = 744;

export function Home() {
  const tick = useTicks(REFRESH_MS);
  const live = useLoaded((isRepeated) => ask("GET", `/streams/trending?limit=24&time_window_hours=${MONTH_HOURS}`, { isRepeated }), [], REFRESH_MS);
  const vods = useLoaded((isRepeated) => ask("GET", "/streams/vods?per_page=8", { isRepeated }), [], VIDEOS_REFRESH_MS);
  const clips = useLoaded((isRepeated) => ask("GET", "/streams/clips/popular?limit=4", { isRepeated }), [], VIDEOS_REFRESH_MS);
  const [slug, setSlug] = useState("");
  const streams = live.data?.streams ?? [];
  const categories = new Map(streams.filter(({ category }) => category).map(({ category }) => [category.slug, category.name]));
  const shown = streams.filter(({ category }) => !categories.has(slug) || category?.slug === slug);
  const recordings = vods.data?.items ?? [];
  return html`
    <header class="view-head">
      <h1>Live now</h1>
      ${categories.size > 1 && html`<div class="row" role="group" aria-label="Category">
        <button class="chip" aria-pressed=${!categories.has(slug)} onClick=${() => setSlug("")}>All</button>
        ${[...categories].map(([one, title]) => html`
          <button key=${one} class="chip" aria-pressed=${slug === one} onClick=${() => setSlug(one)}>${title}</button>`)}
      </div>`}
    </header>
    <${Problem} error=${live.error ?? vods.error ?? clips.error} />
    ${!live.data && !live.error && html`<p class="muted">Loading …</p>`}
    <h2 class="unseen">Channels</h2>
    <div class="site-cards">${shown.map((stream) => html`<${LiveCard} key=${stream.id} stream=${stream} tick=${tick} />`)}</div>
    ${live.data?.total > streams.length && html`<p class="muted">The ${streams.length} most watched of ${count(live.data.total)} live channels.</p>`}
    ${live.data && !streams.length && html`<${Empty}>Nobody is live. <a href="#/studio">Go live from the studio</a>.<//>`}
    ${recordings.length > 0 && html`<section>
      <h2>Recordings</h2>
      <div class="site-cards small">
        ${recordings.map((vod) => html`<${VideoCard} key=${vod.id} video=${vod} href=${`#/@${vod.user.username}/vod/${vod.id}`} />`)}
      </div>
    </section>`}
    ${clips.data?.length > 0 && html`<section>
      <h2>Clips</h2>
      <div class="site-cards small">
        ${clips.data.map((clip) => html`<${VideoCard} key=${clip.id} video=${clip} href=${`#/@${clip.user.username}/clip/${clip.id}`} />`)}
      </div>
    </section>`}
  `;
}
