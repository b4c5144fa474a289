// A minimal client of the platform: its API, and a stream's chat socket. Nothing here is specific to
// the emulator: the same code works with the platform.

import { report } from "../lib/reach.js";

const BASE = "/api/v1";
// Calls that a page repeats by itself are marked, so that the emulator's request log keeps the calls
// of apps. The platform ignores the mark.
const REPEATED = { "X-Emulator-Console": "1" };
const KEY = /^[!-~]+$/;
const RETRY_MS = [500, 1000, 2000, 5000];
// After these codes another attempt would fail too.
const FINAL_CODES = [1008, 4004];

/** A refusal by the platform. `status` is 0 if it did not answer. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * `ask("GET", "/streams/trending?limit=12")` returns the JSON, null without content. `key` is an API
 * key or an access token. Throws `Refusal` with a message for users.
 */
export async function ask(method, path, { body, key, isRepeated = false } = {}) {
  const headers = { Accept: "application/json", ...(isRepeated && REPEATED) };
  // Other signs cannot be sent in a header.
  if (key && !KEY.test(key)) throw new Refusal(401, "This is no API key: a key has no spaces, and only ASCII letters, digits and signs.");
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const response = await fetch(BASE + path, { method, headers, body: payload }).catch(() => {
    report(false);
    throw new Refusal(0, "The platform does not answer. Is it still running?");
  });
  report(true);
  const value = response.status === 204 ? null : await response.json().catch(() => undefined);
  if (!response.ok) throw new Refusal(response.status, sentence(response.status, value));
  if (value === undefined) throw new Refusal(response.status, "The platform's answer broke off, or is not JSON.");
  return value;
}

/** A validation error is a list of fields and their errors. */
function sentence(status, value) {
  if (Array.isArray(value?.detail)) {
    return value.detail.map(({ loc = [], msg }) => `${loc.at(-1) ?? "body"}: ${msg}`).join("; ");
  }
  return value?.message ?? `The platform answered ${status}.`;
}

/**
 * A stream's chat. `onEvent(type, data)` is called with each event of the documented dialect, and
 * with `open` and `closed`. It connects again by itself until `close()`.
 *
 * The platform accepts no socket without a key here, but allows reading under `/v1`, whose events
 * have other names and no history: both are converted to the documented ones.
 */
export class Chat {
  #onEvent;
  #url;
  #streamId;
  #key;
  #socket = null;
  #timer = 0;
  #failures = 0;
  #isClosed = false;

  constructor(streamId, key, onEvent) {
    const prefix = key ? `${BASE}` : "/v1";
    this.#url = new URL(`${prefix}/streams/${streamId}/chat/ws`, location.href);
    this.#url.protocol = this.#url.protocol.replace("http", "ws");
    if (key) this.#url.searchParams.set("token", key);
    this.#streamId = streamId;
    this.#key = key;
    this.#onEvent = onEvent;
    this.#connect();
  }

  say(content) { this.#send({ type: "message", content }); }
  /** For the stream's owner and moderators. */
  remove(messageId) { this.#send({ type: "delete", message_id: messageId }); }
  timeOut(username, seconds) {
    this.#send({ type: "ban", username, duration_seconds: seconds });
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #connect() {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#opened());
    socket.addEventListener("message", ({ data }) => this.#hear(JSON.parse(data)));
    socket.addEventListener("close", ({ code, reason }) => this.#lost(code, reason));
  }

  async #opened() {
    this.#failures = 0;
    this.#onEvent("open", {});
    if (this.#key) return;
    try {
      const page = await ask("GET", `/streams/${this.#streamId}/chat?limit=50`, { isRepeated: true });
      if (!this.#isClosed) this.#onEvent("history", page.messages);
    } catch (refusal) {
      this.#onEvent("error", { message: refusal.message });
    }
  }

  #hear({ type, data = {} }) {
    if (type === "chat_message") this.#onEvent("message", nested(data));
    else if (type === "message_deleted" && data.messageId) this.#onEvent(type, { message_id: data.messageId });
    else this.#onEvent(type, data);
  }

  #lost(code, reason) {
    if (this.#isClosed) return;
    const isFinal = FINAL_CODES.includes(code);
    this.#onEvent("closed", { code, reason, isFinal });
    if (isFinal) return;
    const delay = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#connect(), delay);
  }

  #send(frame) {
    if (this.#socket.readyState !== WebSocket.OPEN) throw new Refusal(0, "The chat is not connected. It connects again by itself.");
    this.#socket.send(JSON.stringify(frame));
  }
}

/** Convert a line of the web client's dialect to the documented form. */
const nested = (line) => ({
  id: line.id,
  content: line.content,
  badges: line.badges,
  created_at: line.createdAt,
  user: { id: line.userId, username: line.username, display_name: line.displayName, avatar_url: line.avatar },
});
