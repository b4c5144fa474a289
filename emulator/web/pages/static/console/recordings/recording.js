// One recording: play it here, download it, link to it, delete it.

import { admin } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { confirm, CopyLine, date, duration, Empty, Problem, toast } from "../../lib/parts.js";
import { go, href } from "../../lib/router.js";
import { asUser } from "../people.js";
import { KIND, RECORDING_EVENTS, sizeOf, StateBadge } from "./facts.js";

const PATHS = { vod: "streams/vods", clip: "streams/clips", video: "videos" };

export function Recording({ id }) {
  const load = async () => {
    const { recordings } = await admin("GET", `recordings?${new URLSearchParams({ find: id })}`);
    return { recording: recordings.find((each) => each.id === id) };
  };
  const { data, error } = usePolled(load, { on: RECORDING_EVENTS, deps: [id] });
  if (!data) return error ? html`<${Problem} error=${error} />` : html`<${Empty}>Loading …<//>`;
  if (!data.recording) return html`<${Empty}>This recording is not there any more.<//>`;
  const { recording } = data;
  return html`
    <section class="card stack" aria-labelledby="recording">
      <header class="row">
        <h2 id="recording">${recording.title}</h2>
        <${StateBadge} recording=${recording} />
      </header>
      <${Player} recording=${recording} />
      <p class="muted">${aboutOf(recording)}</p>
      ${recording.kind === "vod" && recording.status === "ready" && html`<${Views} id=${id} />`}
      <${Links} recording=${recording} />
      ${recording.watch_url && html`<div><${CopyLine} name="Watch page" text=${recording.watch_url} /></div>`}
    </section>
  `;
}

function Views({ id }) {
  const { data } = usePolled(() => admin("GET", `vods/${id}/views`), { on: RECORDING_EVENTS, deps: [id] });
  if (!data) return null;
  const { views, average_watch_seconds: average } = data;
  if (!views) return html`<p>No views yet</p>`;
  return html`<p>${views} ${views === 1 ? "view" : "views"}, ${duration(average)} each on average</p>`;
}

function aboutOf(recording) {
  const { kind, username, duration: seconds, created_at: at, bytes, status } = recording;
  if (status !== "ready") return `${KIND[kind]} by ${username}, made ${date(at)}`;
  const size = bytes === null ? "without files until somebody watches" : sizeOf(recording);
  return `${KIND[kind]} by ${username}, ${duration(seconds)}, ${size}, made ${date(at)}`;
}

function Player({ recording: { status, failure, title, cloudflare_video_id: uid } }) {
  if (status === "failed") return html`<p class="problem-line">It could not be made: ${failure ?? "no reason is known"}</p>`;
  if (status !== "ready") return html`<${Empty}>It is being made, and plays here once it is ready.<//>`;
  return html`
    <div class="preview">
      <iframe src=${`/${uid}/iframe?preview`} title=${`Player: ${title}`} allow="autoplay; fullscreen"></iframe>
    </div>
  `;
}

function Links({ recording }) {
  const { cloudflare_video_id: uid, download_url: file, stream_id: stream, watch_url: page } = recording;
  return html`
    <div class="row">
      ${page && html`<a class="button" href=${`/${uid}/watch`} target="_blank">Watch page</a>`}
      ${file && html`<a class="button" href=${`/${uid}/downloads/default.mp4`} download>Download MP4</a>`}
      ${stream && html`<a class="button" href=${href("streams", stream)}>Stream</a>`}
      <span class="space"></span>
      <button class="danger" onClick=${() => remove(recording)}>Delete</button>
    </div>
  `;
}

const remove = ({ id, kind, title, username }) =>
  confirm({
    title: `Delete “${title}”?`,
    text: "Its files are deleted too, unless something else shows them.",
    name: "Delete",
    act: async () => {
      await asUser(username, "DELETE", `${PATHS[kind]}/${id}`);
      toast("It is deleted.");
      go("recordings");
    },
  });
