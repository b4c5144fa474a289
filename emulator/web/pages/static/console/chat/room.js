// A chat room: its lines, the field to write in it, and its moderation.

import { html } from "../../lib/html.js";
import { usePolled } from "../../lib/live.js";
import { Empty, Problem } from "../../lib/parts.js";
import { asUser } from "../people.js";
import { isOf, ownerOf } from "../streams/facts.js";
import { Lines } from "./lines.js";
import { Order } from "./order.js";
import { Say } from "./say.js";

const LINES_MAX = 100;
const CHAT_EVENTS = [
  "ChatPosted", "ChatDeleted", "ChatCleared", "ChatSettingsChanged", "ChatBanned", "ChatUnbanned",
  "ModeratorAdded", "ModeratorChanged", "ModeratorRemoved",
];

export function ChatRoom({ stream }) {
  const owner = ownerOf(stream);
  /** A call in the owner's name: `act("DELETE", "/MESSAGE_ID")`. */
  const act = (method, path, body) => asUser(owner, method, `streams/${stream.id}/chat${path}`, body);
  const load = async () => {
    const paths = [`?limit=${LINES_MAX}`, "/bans", "/settings"];
    const [{ messages }, { bans }, settings] = await Promise.all(paths.map((path) => act("GET", path)));
    return { messages, bans, settings };
  };
  const { data, error } = usePolled(load, { on: CHAT_EVENTS, where: isOf(stream.id), deps: [stream.id] });
  if (!data) return error ? html`<${Problem} error=${error} />` : html`<${Empty}>Loading …<//>`;
  const chatters = new Set(data.messages.map(({ user }) => user.username));
  return html`
    <${Problem} error=${error} />
    <div class="chat-room">
      <section class="card chat" aria-label="Chat">
        <${Lines} messages=${data.messages} owner=${owner} act=${act} />
        <${Say} stream=${stream} names=${[...new Set([owner, ...chatters])]} />
      </section>
      <${Order} bans=${data.bans} settings=${data.settings} act=${act} />
    </div>
  `;
}
