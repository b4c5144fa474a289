// Chat: the chat of one stream as viewers see it, with the owner's actions.

import { admin } from "../../lib/api.js";
import { html } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Empty, Field, Problem, View } from "../../lib/parts.js";
import { go, href } from "../../lib/router.js";
import { ChatRoom } from "../chat/room.js";
import { ownerOf, STREAM_EVENTS } from "../streams/facts.js";

const SHOWN_MAX = 100;

export default function Chat({ id }) {
  const { data, error } = usePolled(() => admin("GET", `streams?per_page=${SHOWN_MAX}`), {
    on: STREAM_EVENTS,
  });
  const streams = data?.streams ?? [];
  const named = usePolled(() => (id ? admin("GET", `streams/${encodeURIComponent(id)}`) : null), {
    deps: [id],
  });
  const stream = id ? named.data : streams[0];
  return html`
    <${View} title="Chat" about="The chat as viewers see it. You moderate it in the owner's name.">
      <${Problem} error=${error ?? named.error} />
      ${data && !streams.length && !id && html`<${Empty}>
        There is no stream, and so no chat. <a href=${href("streams")}>Make a stream</a> first.
      <//>`}
      ${stream && html`<${Chooser} streams=${streams} stream=${stream} />`}
      ${stream && html`<${ChatRoom} key=${stream.id} stream=${stream} />`}
    <//>
  `;
}

function Chooser({ streams, stream }) {
  // A stream on another page of the list can still be named by the address.
  const all = streams.some(({ id }) => id === stream.id) ? streams : [stream, ...streams];
  return html`
    <div class="toolbar">
      <${Field} label="Stream">
        <select value=${stream.id} onChange=${(event) => go("chat", event.target.value)}>
          ${all.map((each) => html`<option key=${each.id} value=${each.id}>
            ${each.title} · ${ownerOf(each)}${each.status === "live" ? " · live" : ""}
          </option>`)}
        </select>
      <//>
      <a class="button" href=${href("streams", stream.id)}>Open stream</a>
    </div>
  `;
}
