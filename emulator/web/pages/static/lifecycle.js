// Follows a stream by its `lifecycle` and `views`: often while a viewer waits for the start, rarely
// in a hidden tab.

const OFFLINE_MS = 500;
const LIVE_MS = 1000;
const HIDDEN_MS = 5000;
const ENDED_MS = 10_000;
const VIEWS_EVERY_MS = 3000;

/**
 * Calls `hear({status, title, duration, viewers})` after each answer, `lose(isGone)` without one;
 * `isGone`: the server answers, but has no such stream. It never stops: the title of an ended stream
 * may change, and a server or a world may return.
 */
export function follow(base, hear, lose) {
  let viewers = null;
  let viewsAskedAt = -Infinity;
  let timer = 0;

  async function ask() {
    clearTimeout(timer);
    let pause = LIVE_MS;
    try {
      const facts = await json(new URL("lifecycle", base));
      const status = facts.status ?? (facts.live ? "live" : "offline");
      const now = performance.now();
      if (status === "live" && now - viewsAskedAt >= VIEWS_EVERY_MS) {
        viewsAskedAt = now;
        viewers = (await json(new URL("views", base))).liveViewers;
      }
      hear({ ...facts, status, viewers });
      pause = { offline: OFFLINE_MS, live: LIVE_MS }[status] ?? ENDED_MS;
    } catch (error) {
      const isGone = error.status === 404;
      if (isGone) pause = ENDED_MS;
      lose(isGone);
    }
    clearTimeout(timer);
    timer = setTimeout(ask, document.hidden ? Math.max(pause, HIDDEN_MS) : pause);
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  ask();
}

async function json(address) {
  const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw Object.assign(new Error(`The answer was ${answer.status}.`), { status: answer.status });
  return answer.json();
}
