// The options in a frame's address: the CDN's query parameters (contract, Media addresses).
//
// A frame without options plays at once, muted. With any option, and at the bare address, the player
// only does what the options say, like the CDN's.

const NAMES = [
  "ad-url", "autoplay", "controls", "defaultTextTrack", "letterboxColor", "loop", "muted", "poster",
  "preload", "primaryColor", "startTime",
];
const OFF = ["false", "0", "no", "off"];

export function optionsOf(search, frame) {
  const query = new URLSearchParams(search);
  const isAsked = frame === "player" || (frame === "iframe" && NAMES.some((name) => query.has(name)));
  if (!isAsked) return { autoplay: true, muted: true, controls: true, loop: false, preload: "auto", startSeconds: 0 };
  const flag = (name, usual) => (query.has(name) ? !OFF.includes(query.get(name).toLowerCase()) : usual);
  return {
    autoplay: flag("autoplay", false),
    muted: flag("muted", false),
    controls: flag("controls", true),
    loop: flag("loop", false),
    preload: preloadOf(query.get("preload")),
    poster: query.get("poster") ?? "thumbnails/thumbnail.jpg",
    primaryColor: query.get("primaryColor"),
    letterboxColor: query.get("letterboxColor"),
    startSeconds: secondsOf(query.get("startTime") ?? ""),
  };
}

/** "auto", "metadata" or "none"; some metadata is always loaded. */
export function preloadOf(value) {
  if (value === "none" || value === "false" || value === false) return "none";
  return ["auto", "true", "", true].includes(value) ? "auto" : "metadata";
}

/** Seconds of "90", "90.5s", "1m30s" or "1h2m3s"; 0 for anything else. */
export function secondsOf(text) {
  const found = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?$/.exec(text);
  if (!found) return 0;
  const [hours, minutes, seconds] = found.slice(1).map((each) => Number(each ?? 0));
  return hours * 3600 + minutes * 60 + seconds;
}
