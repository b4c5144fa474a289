// An address as a QR code, for a phone's camera.

import { admin } from "../api.js";
import { html } from "../html.js";
import { usePolled } from "../live.js";

const LOOPBACK = /^(localhost|.*\.localhost|127\..*|\[::1\])$/;

export function Qr({ text, label }) {
  const load = () => admin("GET", `qr?text=${encodeURIComponent(text)}`);
  const { data } = usePolled(load, { deps: [text] });
  const isHere = LOOPBACK.test(new URL(text).hostname);
  return html`
    <figure class="qr">
      ${data && html`<img src=${`data:image/svg+xml,${encodeURIComponent(data)}`} alt=${`QR code of ${text}`} />`}
      <figcaption class="muted">
        ${label}${isHere && html`<br />A phone gets there once the emulator listens on your network:${" "}
          <code>serve --host 0.0.0.0</code>`}
      </figcaption>
    </figure>
  `;
}
