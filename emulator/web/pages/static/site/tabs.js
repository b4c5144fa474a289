// Below a channel's picture: about, recordings, clips, followers.

import { html, useEffect, useState } from "../lib/html.js";
import { Empty, Problem } from "../lib/parts/layout.js";
import { Face, nameOf, VideoCard } from "./cards.js";
import { ask } from "./client.js";
import { CLIPPED } from "./clip_button.js";
import { useLoaded } from "./hooks.js";
import { useSession } from "./session.js";

const PROCESSING_MS = 2000;
const TABS = { about: "About", vods: "Recordings", clips: "Clips", followers: "Followers" };

export function Tabs({ profile, stream }) {
  const [tab, setTab] = useState("about");
  const { username } = profile;
  return html`
    <section class="card">
      <h2 class="unseen">More of this channel</h2>
      <div class="row tab-row" role="group" aria-label="More of this channel">
        ${Object.entries(TABS).map(([name, title]) => html`
          <button key=${name} class="chip" aria-pressed=${tab === name} onClick=${() => setTab(name)}>${title}</button>`)}
      </div>
      ${tab === "about" && html`<${About} profile=${profile} stream=${stream} />`}
      ${tab === "vods" && html`<${Vods} username=${username} />`}
      ${tab === "clips" && html`<${Clips} username=${username} stream=${stream} />`}
      ${tab === "followers" && html`<${Followers} username=${username} />`}
    </section>
  `;
}

const About = ({ profile, stream }) => html`
  <p>${profile.bio || "Nothing is known about this channel yet."}</p>
  ${stream?.description && html`<h3>${stream.title}</h3><p>${stream.description}</p>`}
`;

function Vods({ username }) {
  const { data, error } = useLoaded(() => ask("GET", `/streams/users/${username}/vods?per_page=20`), [username]);
  return html`
    <${Problem} error=${error} />
    <${Videos} videos=${data} hrefOf=${({ id }) => `#/@${username}/vod/${id}`}>No recordings yet: one is made of each stream that ends.<//>
  `;
}

/** The clips of the shown stream; without one, those that this user has made. */
function Clips({ username, stream }) {
  const path = stream ? `/streams/${stream.id}/clips?per_page=20` : `/streams/users/${username}/clips?per_page=20`;
  const [isProcessing, setProcessing] = useState(false);
  const key = useSession()?.key;
  const { data, error, reload } = useLoaded((isRepeated) => ask("GET", path, { key, isRepeated }), [path], isProcessing ? PROCESSING_MS : 0);
  useEffect(() => {
    const look = () => reload();
    window.addEventListener(CLIPPED, look);
    return () => window.removeEventListener(CLIPPED, look);
  }, []);
  useEffect(() => setProcessing(data?.items.some(({ status }) => status === "processing") ?? false), [data]);
  return html`
    <${Problem} error=${error} />
    <${Videos} videos=${data?.items} hrefOf=${({ id }) => `#/@${username}/clip/${id}`}>No clips yet. Make one while the stream is live.<//>
  `;
}

function Videos({ videos, hrefOf, children }) {
  if (!videos) return null;
  if (!videos.length) return html`<${Empty}>${children}<//>`;
  return html`<div class="site-cards small">
    ${videos.map((video) => html`<${VideoCard} key=${video.id} video=${video} href=${hrefOf(video)} />`)}
  </div>`;
}

function Followers({ username }) {
  const { data, error } = useLoaded(() => ask("GET", `/streams/users/${username}/followers?per_page=50`), [username]);
  return html`
    <${Problem} error=${error} />
    ${data && !data.followers.length && html`<${Empty}>No followers by name yet.<//>`}
    <ul class="people">
      ${(data?.followers ?? []).map((user) => html`<li key=${user.id}>
        <a class="button" href=${`#/@${user.username}`}><${Face} user=${user} /><span>${nameOf(user)}<small>${user.username}</small></span></a>
      </li>`)}
    </ul>
  `;
}
