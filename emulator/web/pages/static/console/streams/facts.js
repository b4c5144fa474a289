// Common parts of the views of streams: the events that change a stream, its names and badges.

import { html } from "../../lib/html.js";
import { Badge } from "../../lib/parts.js";

export const STREAM_EVENTS = [
  "StreamCreated", "StreamUpdated", "StreamDeleted", "StreamWentLive", "StreamEnded",
  "StreamKeyRotated", "PublisherJoined", "PublisherLeft",
];
export const VIEWER_EVENTS = ["ViewerJoined", "ViewersLeft", "ViewersSimulated", "StreamRaided"];

/** Whether an event concerns this stream; a raid concerns two. */
export const isOf = (id) => ({ values }) => values.stream_id === id || values.target_id === id;

export const ownerOf = (stream) => stream.user.username;

/** Its playback address on this server, whatever host clients use. */
export const watchPath = (uid) => `/${uid}/watch`;

const PROTOCOLS = { rtmp: "RTMP", rtmps: "RTMPS", whip: "WHIP", synthetic: "Synthetic" };

/** The publisher's protocol, for people. */
export const protocolOf = ({ protocol, is_publishing: isPublishing }) =>
  isPublishing ? (PROTOCOLS[protocol] ?? protocol) : "–";

export function StateBadge({ stream }) {
  const { status, is_publishing: isPublishing } = stream;
  if (status === "live" && !isPublishing) return html`<${Badge} tone="warn">Live, no publisher<//>`;
  if (status === "live") return html`<${Badge} tone="live">Live<//>`;
  return html`<${Badge}>${status === "ended" ? "Ended" : "Offline"}<//>`;
}

/** The times (s) of a history's samples, padded so that a short one does not fill the chart. */
export function instants({ started_at: start, interval_ms: interval }, length) {
  const first = Date.parse(start) / 1000;
  return Array.from({ length }, (_, index) => first + (index * interval) / 1000);
}
