// The front door: an introduction, three links, and the addresses.

import { admin } from "../lib/api.js";
import { html, render } from "../lib/html.js";
import { usePolled } from "../lib/live.js";
import { Lost, TokenForm, useTokenNeeded } from "../lib/parts.js";
import { href, useRoute } from "../lib/router.js";
import { Addresses } from "./addresses.js";
import { Broadcast } from "./broadcast.js";
import { GoLive } from "./go_live.js";
import { OnAir } from "./on_air.js";

function FrontDoor() {
  const { world, view, id } = useRoute();
  const isTokenNeeded = useTokenNeeded();
  const { data: info } = usePolled(() => admin("GET", "info"));
  if (isTokenNeeded) return html`<main class="door"><${TokenForm} /></main>`;
  return html`
    <header class="door-head">
      <h1>live-emulator <small>${info?.version}</small></h1>
      <p class="muted">
        A whole live streaming platform on this machine: RTMP and WebRTC in, HLS out, the API, chat and
        an audience. Nothing leaves it.
      </p>
      <${Lost} />
      ${world !== "default" && html`<p><span class="badge">World ${world}</span></p>`}
    </header>
    <main class="door stack">
      <div class="doors">
        <${GoLive} />
        <section class="card action">
          <h2>Watch</h2>
          <p>See what viewers see: channels, players, chat, recordings. Sign in as anybody.</p>
          <a class="button primary" href=${`/_emulator/site/${href("", "", {}, world)}`}>Open the site</a>
        </section>
        <section class="card action">
          <h2>Inspect</h2>
          <p>Requests, events, webhooks and mails of your app; the clock, faults, scenarios, worlds.</p>
          <a class="button primary" href=${`/_emulator/${href("overview", "", {}, world)}`}>Open the console</a>
        </section>
      </div>
      ${id && html`<${Broadcast} key=${id} kind=${view} id=${id} info=${info} />`}
      <${OnAir} />
      ${info && html`<${Addresses} info=${info} world=${world} />`}
    </main>
  `;
}

render(html`<${FrontDoor} />`, document.querySelector("#door"));
