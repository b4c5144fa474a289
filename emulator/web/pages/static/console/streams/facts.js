// What the views of streams share: which events change a stream, how it is called and shown.

import { html } from "../../lib/html.js";
import { Badge } from "../../lib/parts.js";

export const STREAM_EVENTS = [
  "StreamCreated", "StreamUpdated", "StreamDeleted", "StreamWentLive", "StreamEnded",
  "StreamKeyRotated", "PublisherJoined", "PublisherLeft",
];
export const VIEWER_EVENTS = ["ViewerJoined", "ViewersLeft", "ViewersSimulated", "StreamRaided"];

/** Whether an event is about this stream; a raid is about two. */
export const isOf = (id) => ({ values }) => values.stream_id === id || values.target_id === id;

export const ownerOf = (stream) => stream.user.username;

/** Where the emulator plays it: an address of this server, whatever host clients are told. */
export const watchPath = (uid) => `/${uid}/watch`;

const PROTOCOLS = { rtmp: "RTMP", rtmps: "RTMPS", whip: "WHIP", synthetic: "Synthetic" };

/** How it comes in, for people. */
export const protocolOf = ({ protocol, is_publishing: isPublishing }) =>
  isPublishing ? (PROTOCOLS[protocol] ?? protocol) : "–";

export function StateBadge({ stream }) {
  const { status, is_publishing: isPublishing } = stream;
  if (status === "live" && !isPublishing) return html`<${Badge} tone="warn">Live, no publisher<//>`;
  if (status === "live") return html`<${Badge} tone="live">Live<//>`;
  return html`<${Badge}>${status === "ended" ? "Ended" : "Offline"}<//>`;
}

/** Seconds since 1970 of a history's samples, padded so that a young one does not fill the chart. */
export function instants({ started_at: start, interval_ms: interval }, length) {
  const first = Date.parse(start) / 1000;
  return Array.from({ length }, (_, index) => first + (index * interval) / 1000);
}
