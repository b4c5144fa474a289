// The list of streams with filters by words and state, and a form for a new one.

import { admin } from "../../lib/api.js";
import { html, useState } from "../../lib/html.js";
import { useLast, usePolled } from "../../lib/live.js";
import { Choices, count, date, Empty, Pager, Problem, Short, Table, View } from "../../lib/parts.js";
import { go, setQuery } from "../../lib/router.js";
import { ownerOf, protocolOf, StateBadge, STREAM_EVENTS, VIEWER_EVENTS } from "./facts.js";
import { NewStream } from "./new.js";

const PER_PAGE = 50;

const COLUMNS = [
  { title: "Stream", cell: (stream) => stream.title },
  { title: "Owner", cell: (stream) => html`<${Short} text=${ownerOf(stream)} />`, hideable: true },
  { title: "State", cell: (stream) => html`<${StateBadge} stream=${stream} />` },
  { title: "Viewers", cell: ({ viewer_count: viewers }) => count(viewers), align: "end" },
  { title: "Comes by", cell: protocolOf, hideable: true },
  { title: "Began", align: "date", cell: (stream) => date(stream.started_at), hideable: true },
];

export function StreamList({ query }) {
  const [isMaking, setMaking] = useState(false);
  const { find = "", status = "", page = "1" } = query;
  const search = new URLSearchParams({ find, page, per_page: PER_PAGE, ...(status && { status }) });
  const { data: fresh, error } = usePolled(() => admin("GET", `streams?${search}`), {
    on: [...STREAM_EVENTS, ...VIEWER_EVENTS],
    deps: [String(search)],
  });
  const data = useLast(fresh);
  const actions = html`
    <button class="primary" aria-expanded=${isMaking} onClick=${() => setMaking(!isMaking)}>
      New stream
    </button>
  `;
  return html`
    <${View} title="Streams" about="All streams of this world: live, offline and ended." actions=${actions}>
      ${isMaking && html`<${NewStream} />`}
      <${Filter} find=${find} status=${status} counts=${data?.counts} />
      <${Problem} error=${error} />
      ${data && html`<${Rows} streams=${data.streams} isFiltered=${Boolean(find || status)} />`}
      ${data && html`
        <${Pager}
          page=${Number(page)}
          perPage=${PER_PAGE}
          total=${data.total}
          onTurn=${(next) => setQuery({ page: String(next) })}
        />
      `}
    <//>
  `;
}

function Filter({ find, status, counts = {} }) {
  const { live, offline, ended } = counts;
  const options = [
    ["", "All"], ["live", "Live", live], ["offline", "Offline", offline], ["ended", "Ended", ended],
  ];
  return html`
    <div class="toolbar">
      <input
        type="search"
        aria-label="Find streams"
        placeholder="Title, owner or id"
        value=${find}
        onInput=${(event) => setQuery({ find: event.target.value, page: "" })}
      />
      <${Choices}
        label="State"
        options=${options}
        value=${status}
        onChoose=${(chosen) => setQuery({ status: chosen, page: "" })}
      />
    </div>
  `;
}

function Rows({ streams, isFiltered }) {
  if (!streams.length) {
    return html`<${Empty}>${isFiltered
      ? "No stream matches the filter."
      : "There is no stream yet. Make one, and publish to it with OBS, ffmpeg or the test picture."}<//>`;
  }
  return html`
    <${Table}
      caption="Streams"
      columns=${COLUMNS}
      rows=${streams}
      keyOf=${({ id }) => id}
      onOpen=${({ id }) => go("streams", id)}
    />
  `;
}
