// The world's time in the bar: the current time, its speed, and the actions that change them.

import { admin } from "../lib/api.js";
import { html, useEffect, useState } from "../lib/html.js";
import { usePolled } from "../lib/live.js";
import { problem, setToday } from "../lib/parts.js";
import { href } from "../lib/router.js";

// The time has no event. Between two reads it is counted on here.
const LOOK_EVERY_MS = 10_000;
const TICK_MS = 1000;

export const PACES = [
  { title: "Pause", name: "Pause the clock", body: { mode: "virtual" } },
  { title: "Real", name: "Let time pass at its real pace", body: { mode: "real" } },
  { title: "10×", name: "Ten times as fast", body: { mode: "scaled", speed: 10 } },
];

export const paceOf = ({ mode, speed }) =>
  mode === "virtual" ? "paused" : mode === "real" ? "real time" : `${speed}×`;

export async function setClock(body) {
  await attempt(() => admin("PUT", "clock", body));
}

export async function advance(seconds) {
  await attempt(() => admin("POST", "clock/advance", { seconds }));
}

/** The clock as read from the server, and `now` counted on from there. */
export function useClock() {
  const look = async () => {
    const clock = await admin("GET", "clock");
    setToday(clock.now);
    return { ...clock, seenMs: performance.now() };
  };
  const { data: clock, error } = usePolled(look, { everyMs: LOOK_EVERY_MS });
  const [, tick] = useState(0);
  const isRunning = Boolean(clock?.speed);
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => document.hidden || tick((count) => count + 1), TICK_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  return { clock, error, now: clock && nowOf(clock) };
}

function nowOf({ now, speed, seenMs }) {
  return new Date(Date.parse(now) + (performance.now() - seenMs) * speed).toISOString();
}

export function ClockMenu() {
  const { clock, now } = useClock();
  if (!clock) return html`<span class="clock"></span>`;
  return html`
    <div class="clock" role="group" aria-label="Clock">
      <a href=${href("clock")}>
        <time datetime=${now}><span class="day">${now.slice(0, 10)}</span> ${now.slice(11, 19)}</time>
        <small>${paceOf(clock)}</small>
      </a>
      <span class="buttons">
        ${PACES.map(({ title, name, body }) => html`
          <button
            key=${title}
            title=${name}
            aria-pressed=${clock.mode === body.mode && (!body.speed || body.speed === clock.speed)}
            onClick=${() => setClock(body)}
          >${title}</button>
        `)}
        <button title="Let an hour pass at once" onClick=${() => advance(3600)}>+1 h</button>
      </span>
    </div>
  `;
}

async function attempt(act) {
  try {
    await act();
  } catch (error) {
    problem(error);
  }
}
