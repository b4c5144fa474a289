// Shown on every page while the emulator does not answer, for example while it restarts.

import { html } from "../html.js";
import { useConnection } from "../live.js";

export function Lost() {
  const isLost = useConnection() === "lost";
  return html`
    <div role="status">
      ${isLost &&
      html`<p class="notice">
        The emulator does not answer. This page goes on by itself once it is back.
      </p>`}
    </div>
  `;
}
