// Events: all events of this world, live.

import { html, useState } from "../../lib/html.js";
import { when, View } from "../../lib/parts.js";
import { Event, summary } from "../inspect/event.js";
import { FilterBox, parse, useFind } from "../inspect/filter.js";
import { Inspector } from "../inspect/inspector.js";
import { LogList } from "../inspect/list.js";
import { useNewest } from "../inspect/newest.js";

const WORDS = { kind: {}, text: {} };
const CHIPS = [
  ["Went live", "kind:StreamWentLive"],
  ["Ended", "kind:StreamEnded"],
  ["Recordings", "kind:VodReady"],
  ["Chat", "kind:ChatPosted"],
  ["Faults", "kind:FaultStruck"],
];
const COLUMNS = [
  { title: "Event", cell: ({ kind }) => html`<span class="whole">${kind}</span>` },
  {
    title: "Values",
    cell: ({ values }) => html`<span class="summary mono">${summary(values)}</span>`,
    hideable: true,
  },
  { title: "Time", cell: ({ at }) => when(at), align: "end" },
];

export default function Events({ id, query }) {
  const find = useFind(query, WORDS);
  const [isPaused, setPaused] = useState(false);
  const { values, mistake } = parse(find, WORDS, (text) => ["text", text]);
  const log = useNewest({ path: "events", name: "events", values, on: [], isPaused });
  return html`
    <${View} title="Events" about="All events of this world, in order.">
      <${FilterBox} find=${find} label="Filter events" chips=${CHIPS} mistake=${mistake}
        placeholder="kind:StreamEnded, or any text">
        <button aria-pressed=${isPaused} onClick=${() => setPaused(!isPaused)}>Pause</button>
      <//>
      <${Inspector}
        id=${id}
        list=${html`<${LogList} log=${log} columns=${COLUMNS} caption="Events" id=${id}>
          ${find ? "No event matches the filter." : "Nothing has happened in this world yet."}
        <//>`}
        detail=${html`<${Event} id=${id} />`}
      />
    <//>
  `;
}
