// A channel: its player next to its chat, and below them its profile and videos.

import { html, useEffect, useState } from "../lib/html.js";
import { count } from "../lib/parts/format.js";
import { Empty, Problem } from "../lib/parts/layout.js";
import { problem } from "../lib/parts/toasts.js";
import { clock, Face, nameOf } from "./cards.js";
import { ChatPanel } from "./chat.js";
import { ClipButton } from "./clip_button.js";
import { ask } from "./client.js";
import { useLoaded } from "./hooks.js";
import { useSession } from "./session.js";
import { askWho } from "./sign_in.js";
import { Tabs } from "./tabs.js";

const REFRESH_MS = 15_000;

export function Channel({ username, kind, id }) {
  const key = useSession()?.key;
  const profile = useLoaded((isRepeated) => ask("GET", `/streams/users/${username}/profile`, { key, isRepeated }), [username, key], REFRESH_MS);
  const stream = useStream(username, profile.data);
  const video = useLoaded(() => (kind ? ask("GET", `/streams/${kind}s/${id}`, { key }) : null), [kind, id]);
  const [viewers, setViewers] = useState(null);
  useEffect(() => setViewers(null), [stream?.id]);
  useEffect(() => {
    document.title = profile.data ? `${nameOf(profile.data)} · Live` : "Live";
    return () => { document.title = "Live"; };
  }, [profile.data]);

  if (!profile.data || profile.error?.status === 404) {
    const message = profile.error?.status === 404 ? `There is no channel called ${username}.` : profile.error?.message;
    if (!message) return html`<p class="muted">Loading …</p>`;
    return html`<${Empty}><h1>${message}</h1><p><a href="#/">Who is live?</a></p><//>`;
  }
  const shown = kind ? video.data : stream;
  return html`
    <div class=${stream ? "channel" : "channel alone"}>
      <div class="stack">
        <${Screen} uid=${kind ? shown?.cloudflare_video_id ?? uidOf(shown) : shown?.cloudflare_stream_id} title=${shown?.title ?? username} />
        <${Problem} error=${video.error} />
        <${About} profile=${profile} stream=${stream} video=${kind && video.data} viewers=${viewers} />
        <${Tabs} profile=${profile.data} stream=${stream} />
      </div>
      ${stream && html`<${ChatPanel} stream=${stream} onViewers=${setViewers} onStatus=${() => profile.reload(true)} />`}
    </div>
  `;
}

/** The current stream, or the one at the time of the visit; else the channel's latest. */
function useStream(username, profile) {
  const [stream, setStream] = useState(null);
  const current = profile?.current_stream;
  useEffect(() => {
    if (current) {
      setStream(current);
    } else if (profile && stream) {
      setStream({ ...stream, status: "ended" });
    } else if (profile) {
      ask("GET", `/streams/users/${username}/streams?status_filter=all&per_page=1`)
        .then(({ streams }) => setStream(streams[0] ?? null), problem);
    }
  }, [profile]);
  return stream;
}

/** The uid of a clip is only in its media address. */
const uidOf = (clip) => clip?.video_url && new URL(clip.video_url).pathname.match(/[0-9a-f]{32}/)?.[0];

/** The platform's own player in a frame: it waits, plays, and shows the recording by itself. */
function Screen({ uid, title }) {
  if (!uid) return html`<div class="screen empty">This channel has not been live yet.</div>`;
  return html`
    <iframe class="screen" key=${uid} src=${`/${uid}/iframe`} title=${`Player: ${title}`}
      allow="autoplay; fullscreen; picture-in-picture"></iframe>
  `;
}

function About({ profile, stream, video, viewers }) {
  const user = profile.data;
  const isLive = !video && stream?.status === "live";
  const about = video || stream;
  return html`
    <header class="about-stream">
      <${Face} user=${user} large />
      <div class="words">
        <h1>${about?.title ?? nameOf(user)}</h1>
        <p><a href=${`#/@${user.username}`}><b>${nameOf(user)}</b></a> <span class="muted">@${user.username} · ${count(user.follower_count)} followers</span></p>
        <p class="row tags">
          ${isLive && html`<span class="badge live">Live</span><span class="badge" role="status">${count(viewers ?? stream.viewer_count)} watching</span>`}
          ${video && html`<span class="badge">Recorded, ${clock(video.duration)}</span>`}
          ${!video && !isLive && html`<span class="badge">Offline</span>`}
          ${stream?.category && html`<span class="badge">${stream.category.name}</span>`}
          ${(stream?.tags ?? []).filter(({ name }) => !name.includes(":")).map(({ id, name }) => html`<small key=${id}>#${name}</small>`)}
        </p>
      </div>
      <div class="row acts">
        <${Follow} profile=${profile} />
        ${isLive && html`<${ClipButton} stream=${stream} />`}
        ${video && user.current_stream && html`<a class="button" href=${`#/@${user.username}`}>Watch live</a>`}
      </div>
    </header>
  `;
}

function Follow({ profile }) {
  const session = useSession();
  const { username } = profile.data;
  const { data, reload } = useLoaded(
    () => session && ask("GET", `/streams/users/${username}/follow`, { key: session.key }),
    [username, session?.key],
  );
  if (session?.user.username === username) return html`<a class="button" href="#/studio">Your studio</a>`;
  const isFollowing = data?.is_following ?? false;
  const change = async () => {
    if (!session) { askWho(); return; }
    try {
      await ask(isFollowing ? "DELETE" : "POST", `/streams/users/${username}/follow`, { key: session.key });
    } catch (refusal) {
      problem(refusal);
    }
    await Promise.all([reload(), profile.reload()]);
  };
  return html`<button class=${isFollowing ? "" : "primary"} aria-pressed=${isFollowing} onClick=${change}>${isFollowing ? "Following" : "Follow"}</button>`;
}
