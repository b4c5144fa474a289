// The stream that was made here: its picture once it has one; for an encoder, its server and key.

import { admin, platform } from "../lib/api.js";
import { html, useEffect, useRef } from "../lib/html.js";
import { usePolled } from "../lib/live.js";
import { Badge, CopyLine, Problem, Qr, confirm } from "../lib/parts.js";
import { go, href } from "../lib/router.js";
import { keyOfOwner } from "../lib/own_streams.js";

const EVENTS = ["StreamWentLive", "StreamEnded", "PublisherJoined", "PublisherLeft"];
const TITLES = { test: "Your test picture", obs: "Your stream from OBS" };

export function Broadcast({ kind, id, info }) {
  const { data: stream, error } = usePolled(() => admin("GET", `streams/${id}`), { on: EVENTS, deps: [id] });
  const heading = useRef();
  // This appeared after a button above was pressed: screen readers and keys continue at its heading.
  useEffect(() => heading.current?.focus(), [Boolean(stream)]);
  if (!stream) return html`<${Problem} error=${error} />`;
  const isLive = stream.status === "live";
  return html`
    <section class="card broadcast">
      <div class="row">
        <h2 ref=${heading} tabindex="-1">${TITLES[kind] ?? stream.title}</h2>
        <${Badge} tone=${isLive ? "live" : ""}>${isLive ? "Live" : stream.status}<//>
        <span class="space"></span>
        <button class="quiet" aria-label="Close" onClick=${() => go("")}>✕</button>
      </div>
      ${kind === "obs" && !isLive && stream.status !== "ended" && html`<${Encoder} stream=${stream} info=${info} />`}
      ${isLive && html`<${Picture} stream=${stream} />`}
      ${stream.status === "ended" && html`<p>This stream has ended. Its recording is among the site's.</p>`}
    </section>
  `;
}

function Picture({ stream }) {
  const page = pageOf(stream);
  return html`
    <div class="picture">
      <iframe src=${`/${stream.cloudflare_stream_id}/iframe`} title="The live picture" allow="autoplay; fullscreen"></iframe>
      <div class="stack">
        <${Qr} text=${page} label="Watch it on a phone." />
        <div class="row">
          <a class="button" href=${`/${stream.cloudflare_stream_id}/watch`}>Watch page</a>
          <a class="button" href=${`/_emulator/${href("streams", stream.id)}`}>Its health</a>
          <button class="danger" onClick=${() => end(stream)}>End it</button>
        </div>
      </div>
    </div>
  `;
}

function Encoder({ stream, info }) {
  const profile =
    `live-emulator obs-profile ${stream.id} --install --server ${info?.http ?? location.origin}` +
    ` --api-key ${keyOfOwner(stream)}`;
  return html`
    <div class="picture">
      <div>
        <p>In OBS: Settings, Stream, Service <strong>Custom</strong>. This page shows the picture as soon
        as it comes.</p>
        <${CopyLine} name="Server" text=${stream.rtmp_url} />
        <${CopyLine} name="Key" text=${stream.stream_key} />
        <${CopyLine} name="WHIP" text=${stream.whip_url} />
        <p class="muted">Or have a profile written for OBS:</p>
        <${CopyLine} name="Profile" text=${profile} />
      </div>
      <${Qr} text=${pageOf(stream)} label="The watch page, for a phone." />
    </div>
  `;
}

const pageOf = (stream) => new URL(`/${stream.cloudflare_stream_id}/watch`, stream.playback_url).href;

const end = (stream) =>
  confirm({
    title: "End this stream?",
    text: "Ending is final. Its recording is made afterwards.",
    name: "End it",
    // The test picture ends with its stream.
    act: () => platform("POST", `streams/${stream.id}/end`, undefined, keyOfOwner(stream)),
  });
