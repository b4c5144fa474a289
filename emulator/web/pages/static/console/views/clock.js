// The clock: the speed of time in this world, and what is due in it.

import { html } from "../../lib/html.js";
import { duration, Field, Form, Problem, Tiles, View } from "../../lib/parts.js";
import { advance, PACES, paceOf, setClock, useClock } from "../clock_menu.js";

const STEPS = [
  ["+1 s", 1], ["+10 s", 10], ["+1 min", 60], ["+10 min", 600], ["+1 h", 3600], ["+1 day", 86_400],
  ["+1 week", 604_800],
];

export default function Clock() {
  const { clock, now, error } = useClock();
  return html`
    <${View}
      title="Clock"
      about="Each world has a time of its own. Let it run, stop it, or let hours pass at once: everything that is due in them happens."
    >
      <${Problem} error=${error} />
      ${clock &&
      html`<div class="stack">
        <${Facts} clock=${clock} now=${now} />
        <div class="halves">
          <${Pace} clock=${clock} />
          <${Steps} />
        </div>
      </div>`}
    <//>
  `;
}

function Facts({ clock, now }) {
  const due = clock.next_due_at && (Date.parse(clock.next_due_at) - Date.parse(now)) / 1000;
  return html`<${Tiles}
    tiles=${[
      { label: "Now (UTC)", value: now.slice(11, 19), note: now.slice(0, 10) },
      { label: "Pace", value: paceOf(clock) },
      {
        label: clock.ahead_seconds < 0 ? "Behind this machine" : "Ahead of this machine",
        value: duration(Math.abs(clock.ahead_seconds)),
      },
      {
        label: "Due later",
        value: clock.pending,
        note: clock.next_due_at ? `next in ${duration(Math.max(0, due))}` : "nothing",
      },
    ]}
  />`;
}

function Pace({ clock }) {
  const run = ({ speed }) => setClock({ mode: "scaled", speed: Number(speed) });
  return html`
    <section class="card stack">
      <h2>Pace</h2>
      <div class="row">
        ${PACES.map(({ title, name, body }) => html`
          <button key=${title} title=${name} onClick=${() => setClock(body)}
            aria-pressed=${clock.mode === body.mode && (!body.speed || body.speed === clock.speed)}
          >${title}</button>
        `)}
      </div>
      <${Form} class="toolbar" onSubmit=${run}>
        <${Field} label="Another speed">
          <input name="speed" type="number" min="0.01" max="1000" step="any" defaultValue="60" required />
        <//>
        <button>Run at this speed</button>
      <//>
    </section>
  `;
}

function Steps() {
  const pass = ({ length }) => advance(length);
  const goTo = ({ instant }) => setClock({ now: `${instant}Z` });
  return html`
    <section class="card stack">
      <h2>Let time pass</h2>
      <div class="row">
        ${STEPS.map(([title, seconds]) => html`
          <button key=${title} onClick=${() => advance(seconds)}>${title}</button>
        `)}
      </div>
      <${Form} class="toolbar" onSubmit=${pass}>
        <${Field} label="Duration"><input name="length" placeholder="1h30m" required /><//>
        <button>Let it pass</button>
      <//>
      <${Form} class="toolbar" onSubmit=${goTo}>
        <${Field} label="Until (UTC)"><input name="instant" type="datetime-local" step="1" required /><//>
        <button>Go there</button>
      <//>
    </section>
  `;
}
