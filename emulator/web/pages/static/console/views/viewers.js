// Viewers: the audiences of all live streams, or of one.

import { admin } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { confirm, count, Empty, Problem, Short, Table, Tiles, toast, View } from "../../lib/parts.js";
import { go } from "../../lib/router.js";
import { VIEWER_EVENTS } from "../streams/facts.js";
import { Audience } from "../viewers/audience.js";
import { Curves } from "../viewers/curves.js";

const EVERY_MS = 5000;

const number = (title, name, hideable = false) => ({
  title,
  cell: (stream) => count(stream[name]),
  align: "end",
  hideable,
});
const COLUMNS = [
  { title: "Stream", cell: ({ title }) => title },
  { title: "Owner", cell: ({ username }) => html`<${Short} text=${username} />`, hideable: true },
  number("Watching", "viewers"),
  number("Real", "real", true),
  number("Simulated", "simulated", true),
  number("On their way", "to_come", true),
  number("Peak", "peak"),
];

export default function Viewers({ id }) {
  const { data, error } = usePolled(() => admin("GET", "viewers"), {
    on: [...VIEWER_EVENTS, "StreamWentLive", "StreamEnded", "StreamUpdated"],
    everyMs: EVERY_MS,
  });
  const streams = data?.streams ?? [];
  const chosen = streams.find((stream) => stream.stream_id === id);
  const actions = html`
    <button disabled=${!streams.some(({ simulated }) => simulated)} onClick=${() => clear(streams)}>
      Clear all simulated viewers
    </button>
  `;
  return html`
    <${View} title="Viewers" about="The viewers of live streams, real and simulated." actions=${actions}>
      <${Problem} error=${error} />
      ${data && !streams.length && html`<${Empty}>Nothing is live, so nobody watches.<//>`}
      ${streams.length > 0 && html`
        <div class="stack">
          <${Totals} data=${data} />
          <section class="card"><${Curves} streams=${streams} /></section>
          <${Table}
            caption="Audiences of live streams"
            columns=${COLUMNS}
            rows=${streams}
            keyOf=${({ stream_id: key }) => key}
            selected=${id}
            onOpen=${({ stream_id: key }) => go("viewers", key === id ? "" : key)}
          />
          ${chosen
            ? html`<${Audience} key=${id} stream=${{ id, status: "live" }} title=${chosen.title} />`
            : html`<p class="muted">${id ? "The stream of this address is not live. " : ""}Choose a stream to send viewers to it.</p>`}
        </div>
      `}
    <//>
  `;
}

function Totals({ data: { streams, viewers } }) {
  const sum = (name) => streams.reduce((total, stream) => total + stream[name], 0);
  return html`<${Tiles} tiles=${[
    { label: "Watching", value: count(viewers), note: `${count(streams.length)} ${streams.length === 1 ? "live stream" : "live streams"}` },
    { label: "Real", value: count(sum("real")) },
    { label: "Simulated", value: count(sum("simulated")) },
    { label: "On their way", value: count(sum("to_come")) },
  ]} />`;
}

const clear = (streams) =>
  confirm({
    title: "Clear all simulated viewers?",
    text: "The simulated viewers of all live streams leave, and running commands end.",
    name: "Clear",
    act: async () => {
      for (const { stream_id: id, simulated, to_come: coming } of streams) {
        if (simulated || coming) await admin("POST", `streams/${id}/viewers`, { verb: "set", count: 0 });
      }
      toast("The simulated viewers are gone.");
    },
  });
