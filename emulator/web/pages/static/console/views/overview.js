// Overview: live streams, the last errors, the addresses, and first actions.

import { admin } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { useConnection, usePolled } from "../../lib/live.js";
import { count, Problem, Tiles, View } from "../../lib/parts.js";
import { Addresses } from "./overview/addresses.js";
import { LiveNow } from "./overview/live_now.js";
import { Troubles } from "./overview/troubles.js";

const STREAM_EVENTS = [
  "StreamCreated", "StreamWentLive", "StreamEnded", "StreamUpdated", "StreamDeleted",
  "PublisherJoined", "PublisherLeft",
];
// The number of viewers changes all the time.
const LOOK_EVERY_MS = 5_000;
const ROWS_MAX = 10;

export default function Overview() {
  const load = async () => {
    const [streams, { viewers }] = await Promise.all([
      admin("GET", `streams?status=live&per_page=${ROWS_MAX}`),
      admin("GET", "viewers"),
    ]);
    return { ...streams, viewers };
  };
  const { data, error } = usePolled(load, { on: STREAM_EVENTS, everyMs: LOOK_EVERY_MS });
  const { data: info } = usePolled(() => admin("GET", "info"));
  const { data: health } = usePolled(() => admin("GET", "health"), { everyMs: 30_000 });
  return html`
    <${View} title="Overview" about="The current state of this world.">
      <${Problem} error=${error} />
      <div class="stack">
        <${Figures} streams=${data} health=${health} />
        <${LiveNow} streams=${data?.streams} total=${data?.total} />
        <${Troubles} />
        ${info && html`<${Addresses} info=${info} />`}
      </div>
    <//>
  `;
}

function Figures({ streams, health }) {
  const isLost = useConnection() === "lost";
  const status = isLost ? "does not answer" : (health?.status ?? "–");
  return html`<${Tiles}
    tiles=${[
      { label: "Live", value: count(streams?.counts.live) },
      { label: "Watching", value: count(streams?.viewers) },
      { label: "Offline", value: count(streams?.counts.offline) },
      { label: "Ended", value: count(streams?.counts.ended) },
      {
        label: "Emulator",
        value: status,
        note: health?.reason,
        tone: status === "ok" ? "good" : isLost || health ? "warn" : "",
      },
    ]}
  />`;
}
