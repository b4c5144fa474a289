// The lines of a chat, newest at the bottom, each with the owner's actions.

import { html, useLayoutEffect, useRef } from "../../lib/html.js";
import { confirm, Empty, problem, when } from "../../lib/parts.js";

export const TIME_OUT_SECONDS = 600;
// A reader who has scrolled up stays there while new lines arrive.
const NEAR_END_PX = 60;

export function Lines({ messages, owner, act }) {
  const list = useRef();
  const isAtEnd = useRef(true);
  useLayoutEffect(() => {
    if (isAtEnd.current) list.current?.scrollTo(0, list.current.scrollHeight);
  });
  const look = ({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  };
  if (!messages.length) return html`<${Empty}>Nobody has said anything yet.<//>`;
  return html`
    <div class="chat-lines" ref=${list} onScroll=${look} tabindex="0" role="log" aria-label="Messages">
      <ol>
        ${messages.map((message) => html`
          <${Line} key=${message.id} message=${message} owner=${owner} act=${act} />
        `)}
      </ol>
    </div>
  `;
}

function Line({ message, owner, act }) {
  const { id, user, content, badges, is_deleted: isDeleted, created_at: at } = message;
  return html`
    <li class=${isDeleted ? "deleted" : ""}>
      <time datetime=${at}>${when(at)}</time>
      <p>
        ${badges.map(({ type, label }) => html`<span key=${type} class="badge">${label}</span> `)}
        <strong>${user.display_name || user.username}</strong> <span class="said">${content}</span>
        ${isDeleted && html` <small>deleted</small>`}
      </p>
      ${!isDeleted && html`<${Moderate} id=${id} user=${user} isOwner=${user.username === owner} act=${act} />`}
    </li>
  `;
}

function Moderate({ id, user, isOwner, act }) {
  const press = (method, path, body) => () => act(method, path, body).catch(problem);
  const ban = () =>
    confirm({
      title: `Ban ${user.username}?`,
      text: "They cannot write in this chat until the ban is lifted.",
      name: "Ban",
      act: () => act("POST", "/bans", { user_id: user.id }),
    });
  const about = { user_id: user.id, duration_seconds: TIME_OUT_SECONDS };
  return html`
    <span class="moderate">
      <button class="quiet" aria-label=${`Delete the line of ${user.username}`} onClick=${press("DELETE", `/${id}`)}>Delete</button>
      ${!isOwner && html`
        <button class="quiet" aria-label=${`Time out ${user.username} for ten minutes`} onClick=${press("POST", "/bans", about)}>Time out</button>
        <button class="quiet" aria-label=${`Ban ${user.username}`} onClick=${ban}>Ban</button>
      `}
    </span>
  `;
}
