// The studio: go live from a camera, a screen or a drawn picture, by WHIP.

import { html, useEffect, useRef, useState } from "../lib/html.js";
import { openStream } from "../lib/open_stream.js";
import { Chart } from "../lib/parts/chart.js";
import { Field, Form } from "../lib/parts/field.js";
import { bits, count } from "../lib/parts/format.js";
import { Empty, Tiles } from "../lib/parts/layout.js";
import { problem } from "../lib/parts/toasts.js";
import { nameOf } from "./cards.js";
import { ChatPanel } from "./chat.js";
import { ask } from "./client.js";
import { useLoaded } from "./hooks.js";
import { endLive, goLive, switchTo, useOnAir } from "./on_air.js";
import { useSession } from "./session.js";
import { askWho } from "./sign_in.js";
import { Sources } from "./sources.js";

export function Studio() {
  const session = useSession();
  const onAir = useOnAir();
  const [media, setMedia] = useState(onAir?.media ?? null);
  const [source, setSource] = useState({ way: "", video: "", audio: "" });
  const [viewers, setViewers] = useState(null);
  const shown = onAir?.media ?? media;
  const latest = useRef();
  latest.current = onAir ? null : media;
  // The camera is switched off when it is not used.
  useEffect(() => () => stop(latest.current), []);
  useEffect(() => {
    if (!onAir && media?.getTracks().every(({ readyState }) => readyState === "ended")) setMedia(null);
  }, [onAir]);
  if (!session && !onAir) {
    return html`<${Empty}>
      <h1>Your studio</h1>
      <p>Sign in, and go live from this browser: by camera, screen or a drawn picture.</p>
      <p><button class="primary" onClick=${askWho}>Sign in</button></p>
    <//>`;
  }
  return html`
    <header class="view-head">
      <div><h1>Studio</h1><p class="muted">${nameOf(onAir?.stream.user ?? session.user)}, live from this browser.</p></div>
    </header>
    <${SecureHint} />
    <div class="channel">
      <div class="stack">
        <${Preview} media=${shown} isLive=${Boolean(onAir)} />
        ${onAir && html`<${OnAir} onAir=${onAir} viewers=${viewers} done=${() => setMedia(null)} />`}
        ${onAir && html`<${Sources} media=${shown} source=${source} setSource=${setSource} onMedia=${switchTo} />`}
      </div>
      ${!onAir && html`<div class="stack">
        <${Sources} media=${shown} source=${source} setSource=${setSource} onMedia=${setMedia} />
        <${Start} session=${session} media=${media} />
      </div>`}
      ${onAir && html`<${ChatPanel} stream=${onAir.stream} onViewers=${setViewers} />`}
    </div>
  `;
}

function stop(media) {
  for (const track of media?.getTracks() ?? []) track.stop();
}

/** Browsers give cameras and screens only to secure pages (W3C Media Capture, 9.2). */
const SecureHint = () =>
  !window.isSecureContext &&
  html`<p class="notice" role="note">A browser gives its camera and screen only to a page on localhost or over HTTPS. This page
    is neither: open it at http://127.0.0.1, or start the emulator with <code>--tls</code>. The drawn picture works here too.</p>`;

function Preview({ media, isLive }) {
  const video = useRef();
  useEffect(() => {
    if (video.current.srcObject !== media) video.current.srcObject = media;
  }, [media]);
  return html`
    <div class="screen sending">
      <video ref=${video} autoplay muted playsinline aria-label="What you send"></video>
      ${!media && html`<p>Choose what you send.</p>`}
      ${isLive && html`<span class="badge live solid">Live</span>`}
    </div>
  `;
}

function Start({ session, media }) {
  const { data: categories } = useLoaded(() => ask("GET", "/streams/categories"));
  const start = async ({ title, category }) => goLive(await ownStream(session, title, category), media);
  return html`
    <${Form} class="card stack" onSubmit=${start}>
      <h2>Your stream</h2>
      <div class="fields">
        <${Field} label="Title"><input name="title" required maxlength="200" defaultValue="Live from my browser" autocomplete="off" /><//>
        <${Field} label="Category"><select name="category">
          <option value="">None</option>
          ${(categories ?? []).map(({ id, name }) => html`<option key=${id} value=${id}>${name}</option>`)}
        </select><//>
      </div>
      <div class="row end"><button class="primary" disabled=${!media}>Go live</button></div>
    <//>
  `;
}

/** A new stream, or the user's own that has not ended, because the platform allows only one. */
async function ownStream({ key }, title, category) {
  const body = { title, category_id: category || null };
  try {
    return await ask("POST", "/streams/", { key, body });
  } catch (refusal) {
    if (refusal.status !== 409) throw refusal;
  }
  // Of a world that was reset since, the account has another id.
  const me = await ask("GET", "/auth/me", { key });
  const stream = await openStream((where) => ask("GET", `/${where}`, { key }), me.id, ["offline", "live"]);
  if (!stream) throw new Error("You may not have another stream, and have none that you could go live on.");
  return ask("PATCH", `/streams/id/${stream.id}`, { key, body });
}

function OnAir({ onAir, viewers, done }) {
  const { stream, samples, failure } = onAir;
  const now = samples.at(-1) ?? {};
  const end = async () => {
    try {
      await endLive();
    } catch (error) {
      problem(error);
    }
    stop(onAir.media);
    done();
  };
  const tiles = [
    { label: "Watching", value: count(viewers) },
    { label: "Bit rate", value: bits(now.bitsPerSecond) },
    { label: "Picture", value: now.width ? `${now.width}×${now.height}` : "–", note: now.framesPerSecond ? `${Math.round(now.framesPerSecond)} fps` : "" },
    { label: "Round trip", value: now.roundTripMs == null ? "–" : `${Math.round(now.roundTripMs)} ms` },
    { label: "Lost", value: now.lostShare == null ? "–" : `${(now.lostShare * 100).toFixed(1)} %`, tone: now.lostShare > 0.02 ? "bad" : "" },
  ];
  return html`
    <section class="card stack" aria-label="Your broadcast">
      <div class="row">
        <h2>${stream.title}</h2><span class="space"></span>
        <a class="button" href=${`#/@${stream.user.username}`} target="_blank">Watch it</a>
        <button class="danger" onClick=${end}>End the stream</button>
      </div>
      ${failure && html`<p class="problem-line" role="alert">${failure}</p>`}
      <${Tiles} tiles=${tiles} />
      <${Chart} title="Bit rate" unit="kbit/s" times=${samples.map(({ at }) => at)}
        series=${[{ label: "sent", values: samples.map(({ bitsPerSecond }) => Math.round(bitsPerSecond / 1000)) }]} />
    </section>
  `;
}
