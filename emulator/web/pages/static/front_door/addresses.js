// The addresses that apps and encoders need, and links to the documentation.

import { keyOf } from "../lib/api.js";
import { curl } from "../lib/curl.js";
import { html } from "../lib/html.js";
import { CopyLine } from "../lib/parts.js";
import { href } from "../lib/router.js";

export function Addresses({ info, world }) {
  return html`
    <div class="halves">
      <section class="card">
        <h2>Addresses</h2>
        <${CopyLine} name="API" text=${`${info.http}/api/v1`} />
        <${CopyLine} name="API key" text=${keyOf()} />
        <${CopyLine} name="RTMP" text=${info.rtmp} />
        <${CopyLine} name="RTMPS" text=${info.rtmps} />
        <${CopyLine} name="Chat" text=${`${info.ws}/api/v1/streams/STREAM_ID/chat/ws`} />
        <${CopyLine} name="CA" text=${info.ca} />
        <${CopyLine} name="Data" text=${info.data} />
      </section>
      <section class="card">
        <h2>Read on</h2>
        <ul class="links">
          <li><a href=${`/_emulator/${href("docs", "", {}, world)}`}>The documentation</a>, which needs no network</li>
          <li><a href="/docs">The API, to read and to try</a></li>
          <li><a href="/openapi.json">Its OpenAPI document</a>, and <a href="/_emulator/openapi.json">the emulator's own</a></li>
          <li><a href=${`/_emulator/${href("scenarios", "", {}, world)}`}>The scenario library</a>: a launch, a raid, a bad night</li>
          <li><a href=${`/_emulator/${href("faults", "", {}, world)}`}>Break something on purpose</a></li>
          <li><a href=${`/_emulator/${href("clock", "", {}, world)}`}>Let a week pass in a second</a></li>
        </ul>
        <h3>In a terminal</h3>
        <${CopyLine} name="Try it" text=${tryIt(info)} />
        <${CopyLine} name="Help" text="live-emulator --help" />
      </section>
    </div>
  `;
}

const tryIt = (info) => curl(info, "/api/v1/streams/", { key: keyOf(), body: { title: "My first stream" } });
