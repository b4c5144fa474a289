// Live data: one connection per page to the events of the chosen world, and lists that load again
// when an event says that they have changed.

import { adminHeaders, chosenWorld, onChange, onWorldChosen } from "./api.js";
import { useCallback, useEffect, useRef, useState } from "./html.js";
import { report } from "./reach.js";

const RETRY_MS = 2000;
// A flood of events must not become a flood of requests.
const CALM_MS = 300;

const listeners = new Set();
const stateListeners = new Set();
let state = "connecting";
let abort = null;
// The world has been dropped, or is not made yet: it is asked for again until it is there.
let isWorldMissing = false;

/**
 * Call back with each event `{seq, at, kind, values}` of these kinds (`[]` means all).
 * `RequestLogged` is not an event of the world: an app has sent a request, which is in the log. Of a
 * flood only the newest events are complete; the kinds of the others come once, with `isSkipped`.
 * `WorldReplaced` comes to all: after a reset, a restore or a lost connection all earlier data may be
 * wrong.
 */
export function useEvents(kinds, callback) {
  const latest = useRef(callback);
  latest.current = callback;
  const wanted = kinds.join();
  useEffect(() => {
    const names = new Set(kinds);
    const listener = (event) => {
      if (!names.size || names.has(event.kind) || event.kind === "WorldReplaced") {
        latest.current(event);
      }
    };
    listeners.add(listener);
    open();
    return () => listeners.delete(listener);
  }, [wanted]);
}

/** `connecting`, `open` or `lost`. */
export function useConnection() {
  const [current, setCurrent] = useState(state);
  useEffect(() => {
    stateListeners.add(setCurrent);
    setCurrent(state);
    open();
    return () => stateListeners.delete(setCurrent);
  }, []);
  return current;
}

/**
 * The result of `load`, loaded again on the events named in `on` and after each change by this page.
 * `everyMs` is for data without events. When one of the `deps` of `load` changes, the old data is
 * dropped. A hidden tab waits. `where(event)` says whether such an event matters; one without values
 * always does.
 */
export function usePolled(load, { on = [], where, everyMs = 0, deps = [] } = {}) {
  const subject = JSON.stringify([chosenWorld(), ...deps]);
  const [result, setResult] = useState({ subject });
  const latest = useRef({});
  latest.current.load = load;
  latest.current.subject = subject;

  const reload = useCallback(async () => {
    const calls = latest.current;
    if (calls.isLoading) {
      calls.isStale = true; // Load again: the coming answer may be outdated.
      return;
    }
    calls.isLoading = true;
    calls.isStale = false;
    const { subject: asked } = calls;
    try {
      const data = await calls.load();
      setResult((before) => same(before, asked, data) ?? { subject: asked, data });
    } catch (error) {
      // The shown data stays readable, unless it is of something that is gone.
      const isGone = error.status === 404;
      setResult((before) => ({ ...(!isGone && before.subject === asked && before), subject: asked, error }));
    } finally {
      calls.isLoading = false;
      if (calls.isStale || calls.subject !== asked) reload();
    }
  }, []);

  const timer = useRef(0);
  const reloadSoon = useCallback(() => {
    if (document.hidden) latest.current.isMissed = true;
    else timer.current ||= setTimeout(() => {
      timer.current = 0;
      reload();
    }, CALM_MS);
  }, []);

  useEffect(() => void reload(), [subject]);
  useEffect(() => onChange(() => reload()), []);
  useEffect(() => {
    const interval = everyMs ? setInterval(() => !document.hidden && reload(), everyMs) : 0;
    const look = () => {
      if (!document.hidden && (everyMs || latest.current.isMissed)) reload();
      latest.current.isMissed = false;
    };
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(interval);
      clearTimeout(timer.current);
      timer.current = 0;
      document.removeEventListener("visibilitychange", look);
    };
  }, [everyMs]);
  useEvents(on.length ? on : ["WorldReplaced"], (event) => {
    if (!where || event.isSkipped || event.kind === "WorldReplaced" || where(event)) reloadSoon();
  });

  const isCurrent = result.subject === subject;
  return {
    data: isCurrent ? result.data : undefined,
    error: isCurrent ? result.error : undefined,
    reload,
  };
}

/** The last value: it stays until the next answer is here. */
export function useLast(value) {
  const last = useRef();
  if (value !== undefined) last.current = value;
  return last.current;
}

/** The same object if the same data was loaded again: then nothing is drawn again. */
function same(before, subject, data) {
  const isSame =
    before.subject === subject &&
    !before.error &&
    JSON.stringify(before.data) === JSON.stringify(data);
  return isSame ? before : null;
}

function setState(name) {
  state = name;
  for (const listener of stateListeners) listener(name);
}

function tell(event) {
  for (const listener of [...listeners]) {
    try {
      listener(event);
    } catch (error) {
      reportError(error); // The other listeners still get the event.
    }
  }
}

// `EventSource` cannot send headers, and the world and the admin token are headers.
async function open() {
  if (abort) return;
  abort = new AbortController();
  const { signal } = abort;
  const headers = { ...adminHeaders(), Accept: "text/event-stream" };
  try {
    const response = await fetch("/_emulator/live", { headers, signal });
    if (response.status === 401) return; // The page asks for the token, then reloads.
    if (response.status === 404) {
      if (!isWorldMissing) tell({ kind: "WorldReplaced", values: {} }); // The lists say so.
      isWorldMissing = true;
      again(signal, RETRY_MS);
      return;
    }
    if (!response.ok) throw new Error(`The answer was ${response.status}.`);
    const isAgain = state === "lost" || isWorldMissing;
    isWorldMissing = false;
    setState("open");
    report(true);
    if (isAgain) tell({ kind: "WorldReplaced", values: {} });
    await read(response.body);
    // The server ends the stream when the world is replaced; it can be opened again at once.
    state = "lost";
    again(signal, 0);
  } catch {
    if (signal.aborted) return;
    setState("lost");
    again(signal, RETRY_MS);
  }
}

function again(signal, afterMs) {
  setTimeout(() => {
    if (signal.aborted) return;
    abort = null;
    open();
  }, afterMs);
}

/** Server-sent events (HTML, 9.2.6); ours only use `data`, on one line. */
async function read(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let lastRequest = null;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data: ")) lastRequest = pass(JSON.parse(line.slice(6)), lastRequest);
    }
  }
}

/**
 * Pass on one message of the server as single events. Returns the number of the last request in it.
 */
function pass(news, lastRequest) {
  for (const event of news.events) tell(event);
  // Of a flood the older events are left out, but their kinds are passed on.
  const passed = new Set(news.events.map(({ kind }) => kind));
  for (const kind of news.kinds) if (!passed.has(kind)) tell({ kind, values: {}, isSkipped: true });
  if (lastRequest !== null && news.last_request > lastRequest) {
    tell({ kind: "RequestLogged", seq: news.last_request, values: {} });
  }
  return news.last_request;
}

/** Connect again, for another world or with another token. */
export function reconnect() {
  abort?.abort();
  abort = null;
  isWorldMissing = false;
  state = "connecting";
  open();
}

onWorldChosen(reconnect);
