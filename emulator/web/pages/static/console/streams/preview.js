// The picture without sound: our own player in a frame. It does not count as a viewer.

import { html, useState } from "../../lib/html.js";

export function Preview({ stream }) {
  const { status, title, has_media: hasMedia, cloudflare_stream_id: uid } = stream;
  const [isHidden, setHidden] = useState(false);
  if (status === "ended" && !stream.vod_id) {
    return html`<div class="preview idle"><p>The stream has ended, and left no recording.</p></div>`;
  }
  if (isHidden) {
    return html`<div class="preview idle">
      <button onClick=${() => setHidden(false)}>Show picture</button>
    </div>`;
  }
  return html`
    <div class="preview">
      <iframe src=${`/${uid}/iframe?preview`} title=${`Preview of ${title}`} allow="autoplay; fullscreen"></iframe>
      ${hasMedia !== false && html`
        <button class="quiet" onClick=${() => setHidden(true)}>Hide picture</button>
      `}
    </div>
  `;
}
