// Recordings of streams, clips and uploaded videos, and those being processed.

import { admin } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { useLast, usePolled } from "../../lib/live.js";
import { Choices, Empty, Pager, Problem, Table, View } from "../../lib/parts.js";
import { go, setQuery } from "../../lib/router.js";
import { COLUMNS, RECORDING_EVENTS } from "../recordings/facts.js";
import { Recording } from "../recordings/recording.js";

const PER_PAGE = 50;
const KINDS = [["", "All"], ["vod", "Recordings"], ["clip", "Clips"], ["video", "Uploads"]];

export default function Recordings({ id, query }) {
  const { find = "", kind = "", status = "", page = "1" } = query;
  const values = { find, page, per_page: PER_PAGE, ...(kind && { kind }), ...(status && { status }) };
  const search = String(new URLSearchParams(values));
  const { data: fresh, error } = usePolled(() => admin("GET", `recordings?${search}`), {
    on: RECORDING_EVENTS,
    deps: [search],
  });
  const data = useLast(fresh);
  return html`
    <${View} title="Recordings" about="Recordings of streams, clips, and uploaded videos.">
      <${Filter} find=${find} kind=${kind} status=${status} processing=${data?.processing} />
      <${Problem} error=${error} />
      <div class=${id ? "split" : ""}>
        ${data && html`<${Rows} recordings=${data.recordings} id=${id} query=${query} isFiltered=${Boolean(find || kind || status)} />`}
        ${id && html`<${Recording} key=${id} id=${id} />`}
      </div>
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

function Filter({ find, kind, status, processing }) {
  const states = [
    ["", "Any state"], ["processing", "Processing", processing], ["ready", "Ready"], ["failed", "Failed"],
  ];
  const choose = (name) => (chosen) => setQuery({ [name]: chosen, page: "" });
  return html`
    <div class="toolbar">
      <input
        type="search"
        aria-label="Find recordings"
        placeholder="Title, owner or id"
        value=${find}
        onInput=${(event) => setQuery({ find: event.target.value, page: "" })}
      />
      <${Choices} label="Kind" options=${KINDS} value=${kind} onChoose=${choose("kind")} />
      <${Choices} label="State" options=${states} value=${status} onChoose=${choose("status")} />
    </div>
  `;
}

function Rows({ recordings, id, query, isFiltered }) {
  if (!recordings.length) {
    return html`<${Empty}>${isFiltered
      ? "No recording matches the filter."
      : "There is no recording yet. A stream leaves one when it ends."}<//>`;
  }
  return html`
    <${Table}
      caption="Recordings"
      columns=${id ? COLUMNS.filter(({ hideable }) => !hideable) : COLUMNS}
      rows=${recordings}
      keyOf=${(recording) => recording.id}
      selected=${id}
      onOpen=${(recording) => go("recordings", recording.id === id ? "" : recording.id, query)}
    />
  `;
}
