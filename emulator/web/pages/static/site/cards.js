// Avatars and cards: streams, recordings and clips in lists.

import { html } from "../lib/html.js";
import { count } from "../lib/parts/format.js";
import { Picture } from "../lib/parts/picture.js";

/** A user's picture or initial. It is hidden from screen readers: the name is next to it. */
export function Face({ user, large }) {
  const name = large ? "face large" : "face";
  return html`
    <${Picture} class=${name} address=${user.avatar_url ?? user.avatar} width="40" height="40">
      <span class="${name} blank" aria-hidden="true">${nameOf(user).slice(0, 1).toUpperCase()}</span>
    <//>
  `;
}

export const nameOf = (user) => user.display_name || user.username;

/** 3725 is "1:02:05". */
export function clock(seconds) {
  const whole = Math.round(seconds ?? 0);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** A live channel. `tick` grows when its picture has to be loaded again. */
export function LiveCard({ stream, tick }) {
  const { user } = stream;
  return html`
    <article class="live-card">
      <a href=${`#/@${user.username}`} class="still">
        <${Still} address=${stream.thumbnail_url && stream.playback.thumbnail} query=${`?height=360&at=${tick}`} user=${user} />
        <span class="badge live solid">Live</span>
        <span class="over top">${count(stream.viewer_count)} watching</span>
        <span class="over">${clock(stream.duration_seconds)}</span>
        <span class="unseen">${stream.title}</span>
      </a>
      <div class="caption">
        <${Face} user=${user} />
        <div>
          <h3><a href=${`#/@${user.username}`}>${stream.title}</a></h3>
          <p>${nameOf(user)}</p>
          ${stream.category && html`<p class="muted">${stream.category.name}</p>`}
        </div>
      </div>
    </article>
  `;
}

/** A recording or a clip; `href` is its page. */
export const VideoCard = ({ href, video, note }) => html`
  <article class="live-card">
    <a href=${href} class="still">
      <${Still} address=${video.thumbnail_url} query="?height=360" user=${video.user} />
      <span class="over">${video.status === "ready" ? clock(video.duration) : video.status}</span>
      <span class="unseen">${video.title}</span>
    </a>
    <div class="caption">
      <${Face} user=${video.user} />
      <div>
        <h3><a href=${href}>${video.title}</a></h3>
        <p>${nameOf(video.user)}</p>
        <p class="muted">${note ?? `${count(video.view_count)} views`}</p>
      </div>
    </div>
  </article>
`;

const Still = ({ address, query, user }) => html`
  <${Picture} address=${address} query=${query} width="640" height="360">
    <span class="no-picture" aria-hidden="true">${nameOf(user).slice(0, 1)}</span>
  <//>
`;
