// The addresses at which a stream is published and plays. The key is hidden until it is requested.

import { html, useState } from "../../lib/html.js";
import { Copy, CopyLine } from "../../lib/parts.js";

export function Credentials({ stream }) {
  const { rtmp_url: rtmp, rtmps_url: rtmps, stream_key: key, whip_url: whip } = stream;
  const [isShown, setShown] = useState(false);
  const hidden = (text) => (isShown ? text : text.replaceAll(key, "•".repeat(12)));
  return html`
    <section class="card" aria-labelledby="publish-to">
      <header class="row">
        <h2 id="publish-to">Publish and play</h2>
        <span class="space"></span>
        <button class="quiet" aria-pressed=${isShown} onClick=${() => setShown(!isShown)}>
          ${isShown ? "Hide key" : "Show key"}
        </button>
      </header>
      <${CopyLine} name="Server" text=${rtmp} />
      <${Secret} name="Stream key" text=${key} shown=${hidden(key)} />
      <${CopyLine} name="RTMPS" text=${rtmps} />
      <${Secret} name="WHIP" text=${whip} shown=${hidden(whip)} />
      <${CopyLine} name="HLS" text=${stream.hls_url} />
      <${CopyLine} name="Stream id" text=${stream.id} />
    </section>
  `;
}

/** It is copied completely even while it is hidden. */
const Secret = ({ name, text, shown }) => html`
  <div class="copy-line">
    <span class="name">${name}</span><code>${shown}</code><${Copy} text=${text} label=${name} />
  </div>
`;
