// The broadcast of this tab. It continues while other views are open.

import { useEffect, useState } from "../lib/html.js";
import { problem } from "../lib/parts/toasts.js";
import { ask } from "./client.js";
import { currentKey } from "./session.js";
import { Broadcast } from "./whip.js";

const SAMPLES_MAX = 120;
const LOOK_MS = 5000;
const listeners = new Set();
let onAir = null;
let timer = 0;

/** `{stream, media, samples, failure}` while this tab is live, else null. */
export function useOnAir() {
  const [current, setCurrent] = useState(onAir);
  useEffect(() => {
    listeners.add(setCurrent);
    setCurrent(onAir);
    return () => listeners.delete(setCurrent);
  }, []);
  return current;
}

/** Go live on an own stream with this video and audio. */
export async function goLive(stream, media) {
  const broadcast = await Broadcast.start(
    stream.whip_url,
    media,
    (sample) => onAir && set({ ...onAir, samples: [...onAir.samples, sample].slice(-SAMPLES_MAX) }),
    (failure) => onAir && set({ ...onAir, failure }),
  );
  set({ stream, media: watched(media), broadcast, samples: [], failure: "" });
  clearInterval(timer);
  timer = setInterval(() => look(stream), LOOK_MS);
}

/** The stream may be ended or deleted by others, such as in the console: then nobody sees this. */
async function look({ id }) {
  const { status } = await ask("GET", `/streams/id/${id}`, { key: currentKey(), isRepeated: true }).catch(
    (refusal) => ({ status: refusal.status === 404 ? "ended" : "unknown" }),
  );
  if (status !== "ended" || onAir?.stream.id !== id) return;
  const { media } = onAir;
  await endLive();
  for (const track of media.getTracks()) track.stop();
  problem("Your stream was ended elsewhere: you are no longer live.");
}

/** Replace the video and audio. */
export async function switchTo(media) {
  await onAir.broadcast.replace(media);
  set({ ...onAir, media: watched(media), failure: "" });
}

/** Reported when screen sharing ends, or a camera is unplugged. */
function watched(media) {
  for (const track of media.getVideoTracks()) {
    track.addEventListener("ended", () => {
      if (onAir?.media === media) set({ ...onAir, failure: "The picture has ended. Choose another one." });
    });
  }
  return media;
}

export async function endLive() {
  const { broadcast } = onAir;
  clearInterval(timer);
  set(null);
  await broadcast.stop();
}

function set(value) {
  onAir = value;
  for (const listener of listeners) listener(value);
}

// A closed tab ends its broadcast: otherwise the platform would wait for its return.
window.addEventListener("pagehide", () => onAir?.broadcast.stop());
