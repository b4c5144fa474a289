// The broadcast of this tab. It continues while other views are open.

import { useEffect, useState } from "../lib/html.js";
import { Broadcast } from "./whip.js";

const SAMPLES_MAX = 120;
const listeners = new Set();
let onAir = null;

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
  set(null);
  await broadcast.stop();
}

function set(value) {
  onAir = value;
  for (const listener of listeners) listener(value);
}

// A closed tab ends its broadcast: otherwise the platform would wait for its return.
window.addEventListener("pagehide", () => onAir?.broadcast.stop());
