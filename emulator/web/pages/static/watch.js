// The page: one state, decided here from the platform's answers and the picture's events.
//
// offline -> starting -> live <-> interrupted -> ended -> recording
//
// `starting` also becomes `interrupted` if the network fails before a picture has come.
//
// `window.emulatorPlayer` gives tests and curious users the values that the page shows.

import { controls } from "./controls.js";
import { bridge } from "./embed/bridge.js";
import { facts } from "./facts.js";
import { follow } from "./lifecycle.js";
import { optionsOf } from "./player/options.js";
import { Player } from "./player/player.js";

const CURTAIN = {
  offline: ["Waiting for the stream", "It starts here by itself as soon as the broadcast begins."],
  starting: ["The stream is live", "The picture is on its way."],
  // Shown if no picture has come yet; otherwise the last one stays.
  interrupted: ["The connection was lost", "It goes on here by itself."],
  ended: ["The stream has ended", ""],
  paused: ["Ready to play", ""],
  processing: ["The recording is being made", "It starts here by itself when it is ready."],
  failed: ["This recording could not be made", ""],
  gone: ["This stream is not here any more", "It was deleted, or its world was reset or dropped."],
};
// After the end the buffered picture plays out; after this long without a frame it is over.
const PLAY_OUT_MS = 3000;
const NOTICE_MS = 6000;
const PROCESSING_MS = 1500;

const { uid, kind, status: firstStatus, hasMedia, frame, base: path } = document.documentElement.dataset;
const options = optionsOf(location.search, frame);
const base = new URL(path || ".", location.href);
const mode = new URLSearchParams(location.search).get("mode");
const asked = ["whep", "llhls", "hls"].includes(mode) ? mode : null;
// A stream from a WebRTC publisher is watched over WebRTC, as it is. All others play by low latency
// HLS, which can seek and needs no transcoding.
const wayOf = (protocol) => asked ?? (protocol === "whip" ? "whep" : "llhls");

const stage = document.getElementById("stage");
const video = document.getElementById("video");
const notice = document.getElementById("notice");
const action = document.getElementById("curtain-action");
// A preview in the console is not a viewer: its requests are marked and not counted.
const isPreview = new URLSearchParams(location.search).has("preview");
const player = new Player(video, { ...options, headers: isPreview ? { "X-Emulator-Console": "1" } : {} });

let state = "connecting";
let status = null;
let viewers = null;
let hasRecording = hasMedia === "true";
let recordingUid = null;
let playsRecording = false;
let playsFromStart = false;
let noticeTimer = 0;
let playOutTimer = 0;
let isLost = false;
let onAction = () => {};

function turn(next, text) {
  state = next;
  stage.dataset.state = next;
  const [title, sentence] = CURTAIN[next] ?? ["", ""];
  document.getElementById("curtain-title").textContent = title;
  document.getElementById("curtain-text").textContent = text ?? sentence;
  action.hidden = true;
}

function offer(label, act) {
  action.textContent = label;
  action.hidden = false;
  onAction = act;
}

function say(sentence, lastsMs = NOTICE_MS) {
  clearTimeout(noticeTimer);
  notice.hidden = !sentence;
  notice.textContent = sentence;
  if (sentence && lastsMs) noticeTimer = setTimeout(() => say(""), lastsMs);
}

function playLive(way) {
  const isLowLatency = way !== "hls";
  playsRecording = false;
  turn("starting");
  // A stream may be live without a publisher: hls.js only plays what can be played.
  const gate = isLowLatency ? "manifest/llhls.m3u8" : "manifest/stream.m3u8";
  const query = isLowLatency ? "?protocol=llhls" : "";
  player.play(new URL(`manifest/video.m3u8${query}`, base).href, {
    isLive: true,
    isLowLatency,
    gate: new URL(gate, base).href,
    whep: way === "whep" ? new URL("webRTC/play", base).href : null,
  });
}

function playRecording() {
  playsRecording = true;
  turn("starting", "The recording is on its way.");
  document.getElementById("curtain-title").textContent = "One moment";
  // For viewers who followed it live, the stream's own address keeps only the live window.
  const recording = recordingUid ? new URL(`../${recordingUid}/`, base) : base;
  const startSeconds = playsFromStart ? 0 : options.startSeconds;
  player.play(new URL("manifest/video.m3u8", recording).href, { isLive: false, startSeconds });
}

// Colours are set as single properties: an invalid value changes nothing, and nothing else can be
// set.
function look() {
  stage.toggleAttribute("data-without-controls", !options.controls);
  document.documentElement.style.setProperty("--accent", options.primaryColor ?? "");
  document.documentElement.style.setProperty("--letterbox", options.letterboxColor ?? "");
  if (options.poster) video.poster = new URL(options.poster, base).href;
  else video.removeAttribute("poster");
}

function close() {
  clearTimeout(playOutTimer);
  say("");
  player.rest();
  const ready = recordingUid ? "The recording is ready." : "What was broadcast can be watched here.";
  turn("ended", hasRecording ? ready : "Nothing was broadcast.");
  if (!hasRecording) return;
  offer("Watch from the start", () => {
    video.muted = false;
    playsFromStart = player.mayStart = true;
    playRecording();
  });
}

function hear(now) {
  if (now.status === status) return;
  const before = status;
  status = now.status;
  if (status === "offline") { player.stop(); turn("offline"); }
  if (status === "live") playLive(wayOf(now.protocol));
  // The picture may have ended before the platform reported it, and be watched again by now.
  if (status !== "ended" || playsRecording) return;
  // Over WebRTC there is nothing to play out.
  if (before === "live" && player.isActive && hasRecording && player.mode !== "whep") {
    say("The stream has ended.");
    playOutTimer = setTimeout(() => { if (status === "ended" && state !== "live") close(); }, PLAY_OUT_MS);
  } else {
    close();
  }
}

function leave() {
  if (state === "gone") return;
  clearTimeout(playOutTimer);
  say("");
  player.stop();
  status = "gone";
  turn("gone");
  show({ status });
}

function openRecording() {
  status = firstStatus;
  show({ status });
  if (status === "ready") playRecording();
  else turn(status);
  // Until it is ready it has no media addresses, so the page itself is loaded again.
  if (status === "processing") setTimeout(() => location.reload(), PROCESSING_MS);
}

player.addEventListener("picture", () => {
  hasRecording = true;
  stage.setAttribute("data-has-picture", "");
  turn(playsRecording ? "recording" : "live");
});
player.addEventListener("stalled", () => {
  if (state === "starting") { turn("interrupted"); return; }
  if (state !== "live" && state !== "recording") return;
  if (status === "ended" && state === "live") { close(); return; }
  turn("interrupted");
  say("The broadcast has paused. It goes on here by itself.", 0);
});
player.addEventListener("moving", () => {
  say("");
  if (state === "interrupted") turn(playsRecording ? "recording" : "live");
});
player.addEventListener("trouble", ({ detail }) => say(detail));
player.addEventListener("over", () => {
  if (state !== "recording") { close(); return; }
  turn("ended", "That was all of it.");
  document.getElementById("curtain-title").textContent = "The end";
  offer("Watch again", () => { turn("recording"); video.currentTime = 0; player.start(); });
});
player.addEventListener("blocked", () => {
  turn("paused", "Your browser waits for a click before it plays.");
  offer("Play", () => { turn("starting"); player.start(); });
});
action.addEventListener("click", () => onAction());

video.muted = video.defaultMuted = options.muted;
video.loop = options.loop;
look();
bridge({ video, player, options, look });
const show = facts({ base, player, video, asked, kind });
controls(stage, video, player);
if (kind === "recording") {
  openRecording();
} else {
  // The protocol of a live stream is in the first answer, which is on its way already.
  if (firstStatus !== "live") hear({ status: firstStatus });
  follow(
    base,
    (now) => {
      viewers = now.viewers;
      const isReadyNow = now.videoUID !== recordingUid && now.status === status;
      recordingUid = now.videoUID;
      if (isReadyNow && state === "ended" && !playsRecording) close();
      if (isLost && state === "interrupted" && !("hasPicture" in stage.dataset)) turn("starting");
      isLost = false;
      hear(now);
      show(now);
    },
    (isGone) => {
      if (isGone) { leave(); return; }
      isLost = true;
      if (state === "starting") turn("interrupted");
      say("The server does not answer. Trying again.");
    },
  );
}

window.emulatorPlayer = {
  uid,
  get state() { return state; },
  get status() { return status; },
  get mode() { return player.mode; },
  get latencySeconds() { return player.latencySeconds; },
  get viewers() { return viewers; },
  get recoveries() { return player.recoveries; },
  get framesDecoded() { return player.framesDecoded; },
  get framesDropped() { return video.getVideoPlaybackQuality().droppedVideoFrames; },
  get hls() { return player.hls; },
};
