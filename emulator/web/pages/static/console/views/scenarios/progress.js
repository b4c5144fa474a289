// The progress of a run, in the world's time and the machine's.

import { html } from "../../../lib/html.js";
import { duration } from "../../../lib/parts.js";
import { length, percent } from "./outcome.js";

export function Progress({ run }) {
  const { state, clock_ms, length_ms, paused, outcome, remaining_seconds: left } = run;
  // A run may end early, and one that has passed may end a little before its planned length.
  const isEarly = state === "over" && outcome !== "passed" && length_ms !== null;
  const progress = isEarly ? Math.min(run.progress, clock_ms / length_ms) : run.progress;
  const at = `${duration(clock_ms / 1000)} of ${length(length_ms)}`;
  const rest = left === null ? "" : `, about ${duration(Math.ceil(left))} left`;
  const words = state === "over" ? `${outcome} after ${duration(clock_ms / 1000)}` : `${at}${rest}`;
  return html`
    <div class="progress">
      <progress aria-label="How much of the run is over" max="1" value=${progress ?? undefined} />
      <p>
        <strong>${progress === null ? "" : percent(progress)}</strong> ${words}
        <span class="unseen" role="status">${paused ? `Paused at ${at}` : outcome ?? ""}</span>
      </p>
    </div>
  `;
}
