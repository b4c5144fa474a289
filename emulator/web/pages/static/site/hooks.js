// Common parts of the site's views: lists that load again at intervals, and the address.

import { useCallback, useEffect, useRef, useState } from "../lib/html.js";
import { onReach } from "../lib/reach.js";

/**
 * The result of `load(isRepeated)`: `{data, error, reload}`. Loaded again when `deps` change, and
 * every `everyMs` while the tab is visible, and once the platform answers again. Old data of the same
 * subject stays until the new data is here.
 */
export function useLoaded(load, deps = [], everyMs = 0) {
  const subject = JSON.stringify(deps);
  const [result, setResult] = useState({ subject });
  const latest = useRef({});
  latest.current = { load, subject };
  const reload = useCallback(async (isRepeated = false) => {
    const asked = latest.current.subject;
    try {
      const data = await latest.current.load(isRepeated);
      if (latest.current.subject === asked) setResult({ subject: asked, data });
    } catch (error) {
      if (latest.current.subject !== asked) return;
      setResult((before) => ({ ...(before.subject === asked && before), subject: asked, error }));
    }
  }, []);
  useEffect(() => {
    reload();
    if (!everyMs) return undefined;
    const again = () => { if (!document.hidden) reload(true); };
    const timer = setInterval(again, everyMs);
    document.addEventListener("visibilitychange", again);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", again);
    };
  }, [subject, everyMs]);
  useEffect(() => onReach((isReached) => { if (isReached) reload(true); }), []);
  const isCurrent = result.subject === subject;
  return { data: isCurrent ? result.data : undefined, error: isCurrent ? result.error : undefined, reload };
}

/** The address behind `#/`: "" at home, "@ada", "studio". */
export function usePlace() {
  const [place, setPlace] = useState(placeOf);
  useEffect(() => {
    const look = () => setPlace(placeOf());
    window.addEventListener("hashchange", look);
    return () => window.removeEventListener("hashchange", look);
  }, []);
  return place;
}

// Other pages of the emulator name the world in their links: `#/w/WORLD/watch/@ada`.
const WORLD = /^#\/w\/([^/]+)(?:\/watch)?\/?/;

const placeOf = () => location.hash.replace(WORLD, "").replace(/^#\/?/, "");

/** The public API selects the world by the host. Returns true if this page moves to another host. */
export function movesToWorld() {
  const world = WORLD.exec(location.hash)?.[1];
  const isHere = !world || world === "default" || location.hostname === `${world}.localhost`;
  if (isHere || !/^(127\.0\.0\.1|(.*\.)?localhost)$/.test(location.hostname)) return false;
  location.replace(`//${world}.localhost:${location.port}${location.pathname}${location.search}#/${placeOf()}`);
  return true;
}

/** A number that grows by one at intervals while the tab is visible. */
export function useTicks(everyMs) {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => { if (!document.hidden) setTick((before) => before + 1); }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return tick;
}
