// Words and tones for runs, and figures that several views show alike.

import { html } from "../../../lib/html.js";
import { Badge, duration } from "../../../lib/parts.js";

const TONES = { passed: "good", failed: "bad", broken: "bad", stopped: "" };

/** How long a scenario takes, of the world's time. */
export const length = (ms) => (ms === null ? "without end" : duration(ms / 1000));

/** How a run went, or that it still goes on. */
export function Outcome({ run }) {
  if (run.outcome) return html`<${Badge} tone=${TONES[run.outcome]}>${run.outcome}<//>`;
  return run.paused ? html`<${Badge} tone="warn">paused<//>` : html`<${Badge} tone="live">playing<//>`;
}

/** A step's outcome, or an expectation's. */
export const Verdict = ({ isGood, text }) => html`
  <${Badge} tone=${isGood ? "good" : "bad"}>${text}<//>
`;

export const percent = (share) => `${Math.round(share * 100)} %`;

/** `launch.yaml:12` in parts. */
export function placeOf(place) {
  const at = place.lastIndexOf(":");
  return { file: place.slice(0, at), line: Number(place.slice(at + 1)) };
}
