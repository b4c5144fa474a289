// The bridge between a framed player and the page around it: the player sends its events and state,
// and carries out the page's calls.
//
// The other end is sdk.js. Messages are objects with a `liveEmulator`: "hello", "set" and "call" come
// in; "ready", "event" and "answer" go out, each with the state of the player.

import { preloadOf } from "../player/options.js";

const EVENTS = [
  "abort", "canplay", "canplaythrough", "durationchange", "ended", "error", "loadeddata", "loadedmetadata",
  "loadstart", "pause", "play", "playing", "progress", "ratechange", "resize", "seeked", "seeking", "stalled",
  "suspend", "timeupdate", "volumechange", "waiting",
];

/**
 * `look` applies the current options; `options` is changed in place. Does nothing outside of a frame.
 */
export function bridge({ video, player, options, look }) {
  if (window.parent === window) return;

  const tell = (message) => window.parent.postMessage({ ...message, state: state() }, "*");
  const ranges = (found) => Array.from({ length: found.length }, (_, i) => [found.start(i), found.end(i)]);
  const state = () => ({
    ...options,
    buffered: ranges(video.buffered),
    currentTime: video.currentTime,
    duration: video.duration,
    ended: video.ended,
    error: video.error && { code: video.error.code, message: video.error.message },
    loop: video.loop,
    muted: video.muted,
    paused: video.paused,
    playbackRate: video.playbackRate,
    played: ranges(video.played),
    readyState: video.readyState,
    seekable: ranges(video.seekable),
    seeking: video.seeking,
    videoHeight: video.videoHeight,
    videoWidth: video.videoWidth,
    volume: video.volume,
  });

  const setters = {
    currentTime: (value) => {
      if (player.range) player.seek(Number(value));
      else video.addEventListener("durationchange", () => player.seek(Number(value)), { once: true });
    },
    loop: (value) => { video.loop = Boolean(value); },
    muted: (value) => { video.muted = Boolean(value); },
    playbackRate: (value) => { video.playbackRate = Number(value); },
    volume: (value) => { video.volume = Math.min(1, Math.max(0, Number(value))); },
    preload: (value) => { options.preload = preloadOf(value); },
    autoplay: (value) => {
      options.autoplay = Boolean(value);
      if (value && video.paused && !video.played.length) player.start();
    },
  };
  const shown = ["controls", "letterboxColor", "poster", "primaryColor"];
  const calls = {
    play: () => video.play(),
    pause: async () => { player.wantsLive = false; video.pause(); },
  };

  async function answer({ id, name }) {
    try {
      await calls[name]();
      tell({ liveEmulator: "answer", id });
    } catch (error) {
      tell({ liveEmulator: "answer", id, error: { name: error.name, message: error.message } });
    }
  }

  window.addEventListener("message", ({ source, data }) => {
    if (source !== window.parent || !data?.liveEmulator) return;
    if (data.liveEmulator === "hello") tell({ liveEmulator: "ready" });
    if (data.liveEmulator === "call" && Object.hasOwn(calls, data.name)) answer(data);
    if (data.liveEmulator !== "set") return;
    if (Object.hasOwn(setters, data.name)) setters[data.name](data.value);
    if (shown.includes(data.name)) { options[data.name] = data.value; look(); }
  });
  for (const name of EVENTS) video.addEventListener(name, () => tell({ liveEmulator: "event", name }));
  tell({ liveEmulator: "ready" });
}
