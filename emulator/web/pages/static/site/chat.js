// A stream's chat: its messages, and a field to write one.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { Face, nameOf } from "./cards.js";
import { ask, Chat } from "./client.js";
import { askWho } from "./sign_in.js";
import { useSession } from "./session.js";

const LINES_MAX = 200;
const LENGTH_MAX = 500;
const TIME_OUT_SECONDS = 600;
const NEAR_END_PX = 60;
const EMOJI = ["🔥", "👏", "😂", "❤️", "🚀", "👀", "🎉", "💯"];

/** `onViewers(count)` and `onStatus(status)` pass on the socket's other messages. */
export function ChatPanel({ stream, onViewers, onStatus }) {
  const session = useSession();
  const [lines, setLines] = useState([]);
  const [state, setState] = useState("connecting");
  const [error, setError] = useState("");
  const [moderators, setModerators] = useState([]);
  const chat = useRef();
  const latest = useRef({});
  latest.current = { onViewers, onStatus };

  useEffect(() => {
    setLines([]);
    setError("");
    setState("connecting");
    const on = {
      open: () => {
        setState("open");
        setError("");
      },
      history: (messages) => setLines(messages),
      message: (line) => setLines((before) => [...before, line].slice(-LINES_MAX)),
      message_deleted: ({ message_id: id }) =>
        setLines((before) => before.map((line) => (line.id === id ? { ...line, is_deleted: true } : line))),
      chat_cleared: () => setLines([]),
      user_banned: ({ username }) =>
        setLines((before) => before.map((line) => (line.user?.username === username ? { ...line, is_deleted: true } : line))),
      viewer_count: ({ count }) => latest.current.onViewers?.(count),
      stream_status: ({ status }) => latest.current.onStatus?.(status),
      error: ({ message }) => setError(message),
      closed: ({ isFinal, reason }) => setState(isFinal ? `closed: ${reason || "the platform refused"}` : "lost"),
    };
    chat.current = new Chat(stream.id, session?.key, (type, data) => on[type]?.(data));
    ask("GET", `/streams/${stream.id}/moderators`).then(setModerators, () => setModerators([]));
    return () => chat.current.close();
  }, [stream.id, session?.key]);

  const me = session?.user.id;
  const canModerate = me && (me === stream.user_id || moderators.some(({ user_id: id, is_vip: isVip }) => id === me && !isVip));
  const attempt = (act) => {
    try {
      act();
      setError("");
      return true;
    } catch (refusal) {
      setError(refusal.message);
      return false;
    }
  };
  const moderate = canModerate && {
    remove: (line) => attempt(() => chat.current.remove(line.id)),
    timeOut: (line) => attempt(() => chat.current.timeOut(line.user.username, TIME_OUT_SECONDS)),
  };
  return html`
    <section class="site-chat card" aria-label="Chat">
      <header class="row"><h2>Chat</h2><span class="space"></span><${State} state=${state} /></header>
      <${Lines} lines=${lines} moderate=${moderate} me=${me} />
      ${error && html`<p class="chat-error" role="alert">${error}</p>`}
      ${session
        ? html`<${Composer} say=${(text) => attempt(() => chat.current.say(text))} />`
        : html`<div class="composer"><button class="primary" onClick=${askWho}>Sign in to talk</button></div>`}
    </section>
  `;
}

function State({ state }) {
  if (state === "open") return html`<small class="good">connected</small>`;
  return html`<small role="status">${state === "lost" ? "reconnecting …" : state}</small>`;
}

function Lines({ lines, moderate, me }) {
  const list = useRef();
  const isAtEnd = useRef(true);
  useLayoutEffect(() => {
    if (isAtEnd.current) list.current.scrollTop = list.current.scrollHeight;
  }, [lines]);
  const look = () => {
    const { scrollTop, scrollHeight, clientHeight } = list.current;
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  };
  return html`
    <div class="talk" role="log" aria-label="What is said" tabindex="0" ref=${list} onScroll=${look}>
      <ol>
        ${lines.map((line) => html`<${Line} key=${line.id} line=${line} moderate=${moderate} isMine=${line.user?.id === me} />`)}
      </ol>
      ${!lines.length && html`<p class="muted">Nobody has said anything yet.</p>`}
    </div>
  `;
}

function Line({ line, moderate, isMine }) {
  const user = line.user ?? { username: "platform" };
  if (line.is_deleted) return html`<li class="muted"><i>A line by ${nameOf(user)} was removed.</i></li>`;
  return html`
    <li class=${isMine ? "mine" : ""}>
      <${Face} user=${user} />
      <div>
        ${(line.badges ?? []).map(({ type, label }) => html`<span key=${type} class="mark ${type}">${label ?? type}</span>`)}
        <b class=${`name hue-${hueOf(user.username)}`}>${nameOf(user)}</b>${" "}
        <span class="said">${line.content}</span>
      </div>
      ${moderate && html`<span class="moderate">
        <button class="quiet" onClick=${() => moderate.remove(line)} aria-label=${`Remove the line by ${nameOf(user)}`}>Remove</button>
        ${!isMine && html`<button class="quiet" onClick=${() => moderate.timeOut(line)} aria-label=${`Time out ${nameOf(user)} for ten minutes`}>Time out</button>`}
      </span>`}
    </li>
  `;
}

function Composer({ say }) {
  const input = useRef();
  const submit = (event) => {
    event.preventDefault();
    const text = input.current.value.trim();
    if (text && say(text)) input.current.value = "";
  };
  const add = (emoji) => {
    input.current.value += emoji;
    input.current.focus();
  };
  return html`
    <form class="composer" onSubmit=${submit}>
      <div class="emoji" role="group" aria-label="Emotes">
        ${EMOJI.map((emoji) => html`<button key=${emoji} type="button" class="quiet" onClick=${() => add(emoji)}>${emoji}</button>`)}
      </div>
      <div class="row">
        <input ref=${input} maxlength=${LENGTH_MAX} aria-label="Say something" placeholder="Say something" autocomplete="off" />
        <button class="primary">Send</button>
      </div>
    </form>
  `;
}

/** One of eight colours, always the same for a name. */
const hueOf = (name) => [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 8191, 7) % 8;
