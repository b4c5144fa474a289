// Buttons, sliders and keys over the picture. They show the video's state, never what was pressed.

import { clock } from "./words.js";

const IDLE_MS = 2500;
const STEP_SECONDS = 5;
const LEAP_SECONDS = 10;
// A live window shorter than this gets no slider.
const WINDOW_SECONDS = 15;

export function controls(stage, video, player) {
  const part = (id) => stage.querySelector(`#${id}`);
  const [seek, play, mute, volume, edge, time] = ["seek", "play", "mute", "volume", "edge", "time"].map(part);
  const [unmute, pip, fullscreen] = ["unmute", "pip", "fullscreen"].map(part);

  const toggle = () => {
    if (video.paused) { player.start(); return; }
    player.wantsLive = false;
    video.pause();
  };
  const hear = (isMuted) => {
    video.muted = isMuted;
    if (!isMuted && video.volume === 0) video.volume = 0.5;
  };
  const leap = (seconds) => player.seek(video.currentTime + seconds);
  const fill = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (stage.requestFullscreen) stage.requestFullscreen().catch(() => {});
    else video.webkitEnterFullscreen?.();
  };
  const float = () => {
    if (document.pictureInPictureElement) document.exitPictureInPicture();
    else video.requestPictureInPicture().catch(() => {});
  };

  play.addEventListener("click", toggle);
  const isShown = () => !stage.hasAttribute("data-without-controls");
  video.addEventListener("click", () => {
    if (!isShown()) return;
    if (matchMedia("(hover: hover)").matches) toggle();
    else wake();
  });
  video.addEventListener("dblclick", () => { if (isShown()) fill(); });
  mute.addEventListener("click", () => hear(!video.muted));
  unmute.addEventListener("click", () => hear(false));
  edge.addEventListener("click", () => player.goLive());
  fullscreen.addEventListener("click", fill);
  pip.addEventListener("click", float);
  pip.hidden = !document.pictureInPictureEnabled;
  seek.addEventListener("input", () => player.seek(Number(seek.value)));
  volume.addEventListener("input", () => {
    video.volume = Number(volume.value);
    video.muted = video.volume === 0;
  });

  const keys = {
    " ": toggle,
    k: toggle,
    m: () => hear(!video.muted),
    f: fill,
    p: () => pip.hidden || float(),
    j: () => leap(-LEAP_SECONDS),
    l: () => leap(LEAP_SECONDS),
    ArrowLeft: () => leap(-STEP_SECONDS),
    ArrowRight: () => leap(STEP_SECONDS),
    ArrowUp: () => { video.volume = Math.min(1, video.volume + 0.1); hear(false); },
    ArrowDown: () => { video.volume = Math.max(0, video.volume - 0.1); },
    Home: () => player.seek(0),
    End: () => (player.isLive ? player.goLive() : player.seek(Infinity)),
  };
  document.addEventListener("keydown", (event) => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = keys[key];
    if (!act || !isShown() || event.ctrlKey || event.metaKey || event.altKey || !player.isActive) return;
    // A focused button, link, summary or text field keeps its own keys; a slider keeps the arrows.
    const own = event.target.closest("button, a, input, summary");
    const isLetter = key.length === 1 && key !== " ";
    if (own && !(isLetter && !own.matches('input:not([type="range"])'))) return;
    event.preventDefault();
    wake();
    act();
  });

  let idleTimer = 0;
  function wake() {
    stage.removeAttribute("data-idle");
    clearTimeout(idleTimer);
    idleTimer = setTimeout(() => stage.setAttribute("data-idle", ""), IDLE_MS);
  }
  for (const name of ["pointermove", "pointerdown", "focusin"]) stage.addEventListener(name, wake);
  stage.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") stage.setAttribute("data-idle", "");
  });
  wake();

  function showSound() {
    stage.toggleAttribute("data-muted", video.muted);
    mute.setAttribute("aria-label", video.muted ? "Unmute" : "Mute");
    unmute.hidden = !video.muted;
    volume.value = video.muted ? 0 : video.volume;
    volume.style.setProperty("--at", `${volume.value * 100}%`);
  }
  function showPlaying() {
    stage.toggleAttribute("data-paused", video.paused);
    play.setAttribute("aria-label", video.paused ? "Play" : "Pause");
  }
  function showTime() {
    const range = player.range;
    edge.hidden = !player.isLive;
    edge.toggleAttribute("data-is-at-edge", player.isAtEdge);
    seek.hidden = !range || (player.isLive && range.end - range.start < WINDOW_SECONDS);
    if (!range) return;
    const at = Math.min(Math.max(video.currentTime, range.start), range.end);
    seek.min = range.start;
    seek.max = range.end;
    seek.value = player.isAtEdge ? range.end : at;
    const span = range.end - range.start;
    seek.style.setProperty("--at", `${span > 0 ? ((seek.value - range.start) / span) * 100 : 100}%`);
    const behind = range.end - at;
    const text = player.isLive ? (player.isAtEdge ? "" : `−${clock(behind)}`) : `${clock(at)} / ${clock(span)}`;
    if (time.textContent !== text) time.textContent = text;
    seek.setAttribute("aria-valuetext", player.isLive ? `${clock(behind)} behind live` : text);
  }
  video.addEventListener("volumechange", showSound);
  for (const name of ["play", "pause", "ended"]) video.addEventListener(name, showPlaying);
  for (const name of ["timeupdate", "durationchange", "seeked"]) video.addEventListener(name, showTime);
  showSound();
  showPlaying();
  showTime();
}
