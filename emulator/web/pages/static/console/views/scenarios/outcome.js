// Words and colours for runs, and figures that several views share.

import { html } from "../../../lib/html.js";
import { Badge, duration } from "../../../lib/parts.js";

const TONES = { passed: "good", failed: "bad", broken: "bad", stopped: "" };

/** The length of a scenario in the world's time. */
export const length = (ms) => (ms === null ? "without end" : duration(ms / 1000));

/** The outcome of a run, or that it is playing. */
export function Outcome({ run }) {
  if (run.outcome) return html`<${Badge} tone=${TONES[run.outcome]}>${run.outcome}<//>`;
  return run.paused ? html`<${Badge} tone="warn">paused<//>` : html`<${Badge} tone="live">playing<//>`;
}

/** The outcome of a step or an expectation. */
export const Verdict = ({ isGood, text }) => html`
  <${Badge} tone=${isGood ? "good" : "bad"}>${text}<//>
`;

export const percent = (share) => `${Math.round(share * 100)} %`;

/** Split `launch.yaml:12`. */
export function placeOf(place) {
  const at = place.lastIndexOf(":");
  return { file: place.slice(0, at), line: Number(place.slice(at + 1)) };
}
