// Common parts of the views of recordings.

import { html } from "../../lib/html.js";
import { Badge, bytes, date, duration, Short } from "../../lib/parts.js";

export const RECORDING_EVENTS = [
  "StreamEnded", "VodUploaded", "VodUpdated", "VodReady", "VodFailed", "VodDeleted",
  "ClipCreated", "ClipReady", "ClipFailed", "ClipDeleted",
  "VideoCreated", "VideoUpdated", "VideoReady", "VideoFailed", "VideoDeleted",
];

export const KIND = { vod: "Recording", clip: "Clip", video: "Upload" };
const TONE = { ready: "good", failed: "bad", processing: "warn" };

export function StateBadge({ recording: { status, progress_percent: percent } }) {
  const progress = status === "processing" && percent !== null ? ` ${percent} %` : "";
  return html`<${Badge} tone=${TONE[status] ?? ""}>${status}${progress}<//>`;
}

/** Simulated recordings have no files: they are made when they are played. */
export const sizeOf = ({ bytes: size }) => (size === null ? "–" : bytes(size));

export const COLUMNS = [
  { title: "Title", cell: ({ title }) => title },
  { title: "Kind", cell: ({ kind }) => KIND[kind], hideable: true },
  { title: "Owner", cell: ({ username }) => html`<${Short} text=${username} />`, hideable: true },
  { title: "State", cell: (recording) => html`<${StateBadge} recording=${recording} />` },
  { title: "Length", cell: (recording) => duration(recording.duration), align: "end" },
  { title: "Size", cell: sizeOf, align: "end", hideable: true },
  { title: "Made", align: "date", cell: (recording) => date(recording.created_at), hideable: true },
];
