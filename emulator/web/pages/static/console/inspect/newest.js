// The newest rows of a log: one page, new ones on top as they come, and older ones on demand. Rows
// that are shown stay as they are.

import { admin } from "../../lib/api.js";
import { useCallback, useEffect, useRef, useState } from "../../lib/html.js";
import { useEvents } from "../../lib/live.js";

const PAGE = 100;
const ROWS_MAX = 1000;
const CALM_MS = 300;
const NOTHING = { rows: undefined, hasMore: false, error: undefined };

/**
 * Rows of `GET path` with the filters `values`; `name` is the field of the list. `on` are the kinds
 * of events after which there are more rows. While `isPaused` nothing is added; then all at once.
 */
export function useNewest({ path, name, values, on, isPaused }) {
  const subject = JSON.stringify(values);
  const [log, setLog] = useState(NOTHING);
  const calls = useRef({ subject: "", queue: Promise.resolve() }).current;
  calls.subject = subject;
  calls.isPaused = isPaused;

  const ask = (query) => {
    const search = new URLSearchParams({ ...values, order: "newest", limit: PAGE, ...query });
    return admin("GET", `${path}?${search}`);
  };
  // One call after the other; answers for an old filter are ignored.
  const run = (query, merge) => {
    calls.queue = calls.queue.then(async () => {
      if (calls.subject !== subject) return;
      try {
        const page = await ask(query());
        if (calls.subject === subject) setLog((before) => merge(before, page));
      } catch (error) {
        if (calls.subject === subject) setLog((before) => ({ ...before, error }));
      }
    });
  };
  const whole = (_, page) => ({ rows: page[name], hasMore: page.has_more, cursor: page.next_cursor });
  const load = () => run(() => ({}), whole);
  const loadNewer = () => {
    const last = () => calls.log.rows?.[0]?.seq ?? 0;
    run(() => ({ after: last() }), (before, page) => {
      // More than a page of new rows came at once: some in between would be missing.
      if (page.has_more || !before.rows) return whole(before, page);
      const newest = before.rows[0]?.seq ?? 0;
      const fresh = page[name].filter(({ seq }) => seq > newest);
      if (!fresh.length) return before.error ? { ...before, error: undefined } : before;
      const rows = [...fresh, ...before.rows];
      const isTooLong = rows.length > ROWS_MAX;
      // Rows that are removed at the end become older rows again.
      const cursor = isTooLong ? rows[ROWS_MAX - 1].seq : before.cursor;
      return { rows: rows.slice(0, ROWS_MAX), hasMore: before.hasMore || isTooLong, cursor };
    });
  };
  const loadOlder = () => {
    run(() => ({ before: calls.log.cursor }), (before, page) => ({
      rows: [...before.rows, ...page[name]],
      hasMore: page.has_more,
      cursor: page.next_cursor,
    }));
  };
  calls.log = log;
  calls.load = load;
  calls.loadNewer = loadNewer;

  const soon = useCallback((event) => {
    if (event.kind === "WorldReplaced") calls.load();
    else if (document.hidden || calls.isPaused) calls.isBehind = true;
    else calls.timer ||= setTimeout(() => {
      calls.timer = 0;
      calls.loadNewer();
    }, CALM_MS);
  }, []);
  const catchUp = useCallback(() => {
    if (document.hidden || calls.isPaused || !calls.isBehind) return;
    calls.isBehind = false;
    calls.loadNewer();
  }, []);
  useEvents(on, soon);
  useEffect(() => {
    setLog(NOTHING);
    load();
  }, [subject]);
  useEffect(catchUp, [isPaused]);
  useEffect(() => {
    document.addEventListener("visibilitychange", catchUp);
    return () => {
      clearTimeout(calls.timer);
      document.removeEventListener("visibilitychange", catchUp);
    };
  }, []);
  return { ...log, loadOlder };
}
