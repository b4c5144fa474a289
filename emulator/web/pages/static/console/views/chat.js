// Chat: the chat of one stream as viewers see it, with the owner's actions.

import { admin } from "../../lib/api.js";
import { html, useRef } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { count, Empty, Field, Problem, View } from "../../lib/parts.js";
import { go, href } from "../../lib/router.js";
import { ChatRoom } from "../chat/room.js";
import { isOf, ownerOf, STREAM_EVENTS } from "../streams/facts.js";

const SHOWN_MAX = 100;

export default function Chat({ id }) {
  const { data, error } = usePolled(() => admin("GET", `streams?per_page=${SHOWN_MAX}`), {
    on: STREAM_EVENTS,
  });
  const streams = data?.streams ?? [];
  // Without one in the address the first is shown, and stays when others come before it: a person may
  // be writing in its chat.
  const first = useRef();
  first.current = streams.find((stream) => stream.id === first.current)?.id ?? streams[0]?.id;
  const named = usePolled(() => (id ? admin("GET", `streams/${encodeURIComponent(id)}`) : null), {
    on: STREAM_EVENTS,
    where: isOf(id),
    deps: [id],
  });
  const stream = id ? named.data : streams.find((one) => one.id === first.current);
  return html`
    <${View} title="Chat" about="The chat as viewers see it. You moderate it in the owner's name.">
      <${Problem} error=${error ?? named.error} />
      ${data && !streams.length && !id && html`<${Empty}>
        There is no stream, and so no chat. <a href=${href("streams")}>Make a stream</a> first.
      <//>`}
      ${stream && html`<${Chooser} streams=${streams} stream=${stream} total=${data?.total} />`}
      ${stream && html`<${ChatRoom} key=${stream.id} stream=${stream} />`}
    <//>
  `;
}

function Chooser({ streams, stream, total }) {
  // A stream on another page of the list can still be named by the address.
  const all = streams.some(({ id }) => id === stream.id) ? streams : [stream, ...streams];
  return html`
    <div class="toolbar">
      <${Field} label="Stream" hint=${total > streams.length && `The first ${streams.length} of ${count(total)}: the page of any other leads to its chat.`}>
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
