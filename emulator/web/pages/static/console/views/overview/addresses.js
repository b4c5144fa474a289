// The addresses that apps and encoders need.

import { keyOf } from "../../../lib/api.js";
import { html } from "../../../lib/html.js";
import { CopyLine } from "../../../lib/parts.js";
import { href } from "../../../lib/router.js";

export function Addresses({ info }) {
  const lines = [
    ["API", `${info.http}/api/v1`],
    ["API key", keyOf()],
    ["RTMP", info.rtmp],
    ["RTMPS", info.rtmps],
    ["Admin", info.admin],
    ["CA", info.ca],
    ["Data", info.data],
  ];
  return html`
    <section class="card">
      <div class="row"><h2>Addresses</h2><span class="space"></span>
        <a href=${href("accounts")}>Other people's keys</a>
        <a href="/_emulator/metrics" target="_blank">Metrics</a></div>
      ${lines.map(([name, text]) => html`<${CopyLine} key=${name} name=${name} text=${text} />`)}
      <p class="muted">live-emulator ${info.version}, process ${info.pid}</p>
    </section>
  `;
}
