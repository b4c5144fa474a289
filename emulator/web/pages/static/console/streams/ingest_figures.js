// The figures of a publisher's health, as tiles and as charts.

import { html } from "../../lib/html.js";
import { bits, Chart, count, duration } from "../../lib/parts.js";
import { instants } from "./facts.js";

// The shortest time axis of a chart, so that the lines of a new stream move slowly.
const SECONDS_MIN = 120;
const KEY_INTERVAL_MAX_MS = 4000;
const DRIFT_MAX_MS = 500;
const PACE_MIN = 0.9;

/** Each figure with its note, coloured if its value is unusual. */
export function tilesOf(health) {
  const video = health.video_kbits ?? 0;
  const audio = health.audio_kbits ?? 0;
  const interval = health.key_frame_interval_ms;
  const drift = health.drift_ms;
  const isSlow = health.pace !== null && health.pace < PACE_MIN;
  const size = health.width ? `${health.width}×${health.height}, ` : "";
  return [
    { label: "Bit rate", value: bits(1000 * (video + audio)), note: `sound ${bits(1000 * audio)}` },
    { label: "Frame rate", value: `${rounded(health.frame_rate ?? 0)} fps`, note: `${size}${health.video_codec ?? "no picture"}` },
    {
      label: "Key frames every",
      value: interval ? duration(interval / 1000) : "–",
      note: "2 s let players start quickly",
      tone: interval > KEY_INTERVAL_MAX_MS ? "warn" : "",
    },
    {
      label: "Sound ahead",
      value: drift === null || drift === undefined ? "–" : `${drift} ms`,
      note: health.audio_codec ?? "no sound",
      tone: Math.abs(drift ?? 0) > DRIFT_MAX_MS ? "warn" : "",
    },
    {
      label: "Pace",
      value: health.pace === null || health.pace === undefined ? "–" : `${Math.round(100 * health.pace)} %`,
      note: "media that comes in a second",
      tone: isSlow ? "warn" : "",
    },
    {
      label: "Gaps, reconnects",
      value: `${health.gaps ?? 0}, ${health.rejoins ?? 0}`,
      note: health.longest_gap_ms ? `longest ${duration(health.longest_gap_ms / 1000)}` : "none",
      tone: health.gaps ? "warn" : "",
    },
  ];
}

/** Rounded to a tenth. */
const rounded = (seconds) => Math.round(10 * seconds) / 10;

/** The history, one sample a second. */
export function Charts({ history }) {
  const length = history.frames.length;
  if (length < 2) return html`<p class="muted charts-wait">The charts begin in a moment.</p>`;
  const missing = Math.max(0, SECONDS_MIN - length);
  const start = Date.parse(history.started_at) - missing * history.interval_ms;
  const times = instants({ ...history, started_at: new Date(start).toISOString() }, missing + length);
  const padded = (values) => [...Array(missing).fill(null), ...values];
  const scaled = (values, by) => padded(values.map((value) => (value === null ? null : value / by)));
  return html`
    <div class="charts">
      <${Chart} title="Bit rate" unit="kbit/s" times=${times} series=${[
        { label: "Picture", values: padded(history.video_kbits), format: count },
        { label: "Sound", values: padded(history.audio_kbits), format: count },
      ]} />
      <${Chart} title="Frames a second" least=${[0, 30]} times=${times} series=${[
        { label: "Frames", values: padded(history.frames) },
      ]} />
      <${Chart} title="Key frame interval" unit="s" least=${[0, 4]} times=${times} series=${[
        { label: "Interval", values: scaled(history.key_frame_interval_ms, 1000), format: rounded },
      ]} />
      <${Chart} title="Sound ahead of the picture" unit="ms" least=${[-100, 100]} times=${times} series=${[
        { label: "Drift", values: padded(history.drift_ms) },
      ]} />
    </div>
  `;
}
