// The player: plays one playlist, or a stream over WebRTC, in one <video>, close to live, and
// recovers by itself.
//
// Events: "picture" (frames are shown), "stalled" and "moving", "blocked" (the browser requires a
// click), "trouble" with a message, "over" (the last frame was shown).

import Hls from "../hls.js-1.7.4/hls.light.min.mjs";
import { isSupported, Whep } from "./whep.js";

const TICK_MS = 250;
const STALL_MS = 1500;
const RETRY_MS = [500, 1000, 2000, 4000, 8000];
const GATE_RETRY_MS = 500;
const LOOK_MS = 1000;
// A connection that ends with its stream is not replaced: the page learns of the end first.
const FALL_BACK_MS = 1500;
const MEDIA_ERROR_AGAIN_MS = 10_000;
// A viewer who watches live and is farther behind than this is moved to the live edge.
const JUMP_SECONDS = 5;
const RATE_MAX = 1.25;
// With less media buffered than this, faster playback does not help.
const CUSHION_SECONDS = 0.3;

export class Player extends EventTarget {
  /** The number of times that playback was restarted or repaired. */
  recoveries = 0;
  /** Whether the viewer wants to be at the live edge: yes, until they pause or seek back. */
  wantsLive = true;

  #video;
  #hls = null;
  #whep = null;
  #whepFacts = { latencySeconds: null, framesPerSecond: null };
  #source = null;
  #failures = 0;
  #isCutOff = false;
  #stallsNoted = 0;
  #retryTimer = 0;
  #mediaErrorAt = -Infinity;
  #lastTime = -1;
  #movedAt = 0;
  #hasPicture = false;
  #isStalled = false;
  #isHeld = false;
  #hasBegun = false;
  #headers;

  /**
   * With `autoplay` it plays by itself. Without it, and unless `preload` is "auto", it only loads the
   * beginning. `headers` are sent with each request for the playlist and its media.
   */
  constructor(video, { autoplay = true, preload = "auto", headers = {} } = {}) {
    super();
    this.#video = video;
    this.#headers = headers;
    this.mayStart = autoplay;
    this.#isHeld = !autoplay && preload !== "auto";
    video.addEventListener("play", () => this.#release());
    video.addEventListener("seeking", () => { if (this.#isHeld) this.#hls?.startLoad(video.currentTime); });
    video.addEventListener("ended", () => this.#tell("over"));
    setInterval(() => this.#tick(), TICK_MS);
    setInterval(async () => { if (this.#whep) this.#whepFacts = await this.#whep.look(); }, LOOK_MS);
    addEventListener("pagehide", () => this.#whep?.close());
  }

  /**
   * Plays `address`, from the start of a recording or from the live edge. `gate` is an address that
   * answers when there is something to play; until then hls.js loads nothing. `whep`, if set, is
   * tried first.
   */
  async play(address, { isLive, isLowLatency = false, gate = null, whep = null, startSeconds = 0 }) {
    this.stop();
    const source = { address, isLive, isLowLatency, startSeconds };
    this.#source = source;
    this.#failures = 0;
    this.#isCutOff = false;
    this.#stallsNoted = 0;
    this.wantsLive = isLive;
    if (whep && (await this.#watch(whep, source, gate))) return;
    await this.#open(source, gate);
  }

  async #open(source, gate) {
    if (gate) await opened(gate, this.#headers, () => this.#source !== source);
    if (this.#source === source) this.#load(source.startSeconds || -1);
  }

  stop() {
    this.#unload();
    this.#source = null;
    this.#hasPicture = false;
    this.#isStalled = false;
  }

  /** Stops, and keeps the last frame. */
  rest() {
    clearTimeout(this.#retryTimer);
    this.#source = null;
    this.#whep?.close();
    this.#whep = null;
    this.#hls?.stopLoad();
    this.#video.pause();
  }

  get isActive() { return this.#source !== null; }
  get isLive() { return this.#source?.isLive ?? false; }
  get hls() { return this.#hls; }

  /** The way of playback: "whep", "llhls", "hls" or "native". */
  get mode() {
    if (this.#whep) return "whep";
    if (!Hls.isSupported()) return "native";
    return this.#source?.isLowLatency ? "llhls" : "hls";
  }

  /** Seconds between the live edge and the shown frame; null if that has no meaning. */
  get latencySeconds() {
    if (!this.isLive || !this.#hasPicture || this.#isStalled) return null;
    if (this.#whep) return this.#whepFacts.latencySeconds;
    if (this.#hls) return this.#hls.latency > 0 ? this.#hls.latency : null;
    const start = this.#video.getStartDate?.().getTime();
    return Number.isFinite(start) ? (Date.now() - start) / 1000 - this.#video.currentTime : null;
  }

  /** The seekable range: {start, end} in seconds of the video's time, or null. */
  get range() {
    const { seekable, duration } = this.#video;
    if (!this.isLive && Number.isFinite(duration)) return { start: 0, end: duration };
    if (!seekable.length) return null;
    return { start: seekable.start(0), end: this.#hls?.liveSyncPosition ?? seekable.end(seekable.length - 1) };
  }

  get isAtEdge() {
    if (this.#whep) return true;
    const range = this.range;
    return this.isLive && range !== null && this.#video.currentTime > range.end - 3;
  }

  // Firefox counts the frames of a playlist in the element, those of a WebRTC stream in its receiver.
  get framesDecoded() {
    return Math.max(this.#video.getVideoPlaybackQuality().totalVideoFrames, this.#whepFacts.framesDecoded ?? 0);
  }

  get framesPerSecond() { return this.#whep ? this.#whepFacts.framesPerSecond : this.#hls?.levels?.[0]?.frameRate || null; }

  goLive() {
    this.wantsLive = true;
    const range = this.range;
    if (range) this.#video.currentTime = range.end;
    this.start();
  }

  seek(seconds) {
    const range = this.range;
    if (!range) return;
    this.#video.currentTime = Math.min(Math.max(seconds, range.start), range.end);
    this.wantsLive = this.isAtEdge;
  }

  /**
   * Plays with sound if that is requested and allowed, else muted; reports "blocked" if not even that
   * is.
   */
  async start() {
    try {
      await this.#video.play();
    } catch (error) {
      if (error.name !== "NotAllowedError") return;
      if (this.#video.muted) { this.#tell("blocked"); return; }
      this.#video.muted = true;
      await this.start();
    }
  }

  #startByItself() {
    this.#hasBegun = true;
    if (this.mayStart) this.start();
  }

  /** The picture was shown before, or its media could not be loaded; otherwise it is still coming. */
  get #isExpected() { return this.#hasPicture || this.#failures > 0 || this.#isCutOff; }

  /** The viewer does not expect it to move. Until it has begun, a still picture is still coming. */
  get #isAtRest() {
    const { paused, ended } = this.#video;
    return ended || (paused && (this.#hasBegun || this.#isHeld || !this.mayStart));
  }

  /** The viewer wants to watch: from now on it loads, and restarts by itself after a repair. */
  #release() {
    this.mayStart = true;
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#hls?.startLoad(this.isLive ? -1 : this.#video.currentTime);
  }

  /** Plays by WHEP; returns whether that works, or is no longer needed. */
  async #watch(address, source, gate) {
    const isOver = () => this.#source !== source;
    const whep = isSupported() ? new Whep() : null;
    try {
      if (!whep) throw new Error("no WebRTC");
      const fallBack = () => this.#fallBack(whep, source, gate);
      await whep.open(address, this.#video, isOver, fallBack, this.#headers);
    } catch {
      whep?.close();
      this.#video.srcObject = null;
      if (!isOver()) this.#tell("trouble", "WebRTC does not work here. Playing low latency HLS instead.");
      return isOver();
    }
    if (isOver()) { whep.close(); return true; }
    this.#whep = whep;
    this.#movedAt = performance.now();
    this.#startByItself();
    return true;
  }

  #fallBack(whep, source, gate) {
    if (this.#whep !== whep) return;
    this.#retryTimer = setTimeout(() => {
      if (this.#source !== source) return;
      this.recoveries += 1;
      this.#tell("trouble", "The connection was lost. Playing low latency HLS instead.");
      this.#unload();
      this.#open(source, gate);
    }, FALL_BACK_MS);
  }

  #load(startPosition) {
    if (!this.#failures) this.#movedAt = performance.now();
    if (!Hls.isSupported()) {
      this.#video.src = this.#source.address;
      this.#video.addEventListener(
        "loadedmetadata", () => { if (startPosition > 0) this.#video.currentTime = startPosition; }, { once: true },
      );
      this.#startByItself();
      return;
    }
    const { address, isLowLatency } = this.#source;
    const hls = new Hls({
      lowLatencyMode: isLowLatency,
      startPosition,
      // No liveSync option: hls.js would use it instead of the playlist's PART-HOLD-BACK.
      backBufferLength: 60,
      liveDurationInfinity: true,
      // fMP4 needs no transmuxing, so a worker would only add a step for every part.
      enableWorker: false,
      ...marking(this.#headers),
    });
    hls.on(Hls.Events.ERROR, (_, failure) => this.#hear(failure));
    hls.on(Hls.Events.FRAG_BUFFERED, () => {
      this.#failures = 0;
      this.#isCutOff = false;
      this.#begin(hls);
      if (this.#isHeld && this.#video.paused && this.#video.readyState >= 2) hls.stopLoad();
    });
    hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => {
      if (this.#source && !details.live) this.#source.isLive = false;
      if (!isLowLatency) stayTwoSegmentsBehind(hls, details);
    });
    hls.loadSource(address);
    hls.attachMedia(this.#video);
    this.#hls = hls;
  }

  // If play() is called before hls.js has set the start position, the video plays from 0: for a
  // moment or, if that takes long, until hls.js detects a stall there.
  #begin(hls) {
    if (this.#hasBegun || !hls.hasEnoughToStart) return;
    this.#startByItself();
  }

  #unload() {
    clearTimeout(this.#retryTimer);
    this.#hasBegun = false;
    this.#hls?.destroy();
    this.#hls = null;
    this.#whep?.close();
    this.#whep = null;
    if (this.#video.srcObject) this.#video.srcObject = null;
    this.#video.removeAttribute("src");
    this.#video.playbackRate = 1;
    this.#lastTime = -1;
  }

  #hear(failure) {
    if (failure.details === Hls.ErrorDetails.BUFFER_STALLED_ERROR) this.#stallsNoted += 1;
    // hls.js tries such a one again for half a minute before it gives up.
    if (failure.details === Hls.ErrorDetails.FRAG_LOAD_ERROR) this.#isCutOff = true;
    if (!failure.fatal) return;
    this.recoveries += 1;
    const now = performance.now();
    const isFirst = now - this.#mediaErrorAt > MEDIA_ERROR_AGAIN_MS;
    if (failure.type === Hls.ErrorTypes.MEDIA_ERROR && isFirst) {
      this.#mediaErrorAt = now;
      this.#tell("trouble", "The picture broke. Repairing it.");
      this.#hls.recoverMediaError();
      return;
    }
    this.#startOver();
  }

  #startOver() {
    const position = this.isLive ? -1 : this.#video.currentTime;
    const delay = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
    this.#failures += 1;
    this.#tell("trouble", "The connection was lost. Trying again.");
    this.#unload();
    this.#retryTimer = setTimeout(() => this.#load(position), delay);
  }

  #tick() {
    if (!this.#source) return;
    const { currentTime, paused } = this.#video;
    const now = performance.now();
    if (currentTime !== this.#lastTime && this.#video.readyState >= 2) {
      this.#lastTime = currentTime;
      this.#movedAt = now;
      this.#isMoving();
    } else if (this.#isAtRest) {
      this.#movedAt = now;
    } else if (!this.#isStalled && this.#isExpected && now - this.#movedAt > STALL_MS) {
      this.#isStalled = true;
      this.#tell("stalled");
    }
    if (this.isLive && this.#hls && !paused) this.#keepClose();
  }

  #isMoving() {
    if (!this.#hasPicture) {
      this.#hasPicture = true;
      this.#tell("picture");
    } else if (this.#isStalled) {
      this.#tell("moving");
    }
    this.#isStalled = false;
  }

  // hls.js only plays faster with more than a second in the buffer, which low latency never has. So
  // the rate is set here: a little faster while playback is behind and media is buffered.
  #keepClose() {
    const { targetLatency, latency, liveSyncPosition } = this.#hls;
    if (!targetLatency || !latency || !this.wantsLive) {
      this.#video.playbackRate = 1;
      return;
    }
    const behind = latency - this.#wantedLatency();
    if (behind > JUMP_SECONDS && liveSyncPosition > this.#video.currentTime) {
      this.#video.currentTime = liveSyncPosition;
      return;
    }
    const mayHurry = this.#source.isLowLatency && behind > 0.05 && this.#ready() > CUSHION_SECONDS;
    const rate = mayHurry ? Math.min(RATE_MAX, 1 + behind * 0.3) : 1;
    this.#video.playbackRate = Math.round(rate * 50) / 50;
  }

  // Each stall shows that the network needs more time: the distance from the live edge grows a
  // little.
  #wantedLatency() {
    const details = this.#hls.latestLevelDetails;
    const least = (this.#source.isLowLatency && details?.partHoldBack) || this.#hls.targetLatency;
    return least + Math.min(this.#stallsNoted * 0.2, 2);
  }

  #ready() {
    const { buffered, currentTime } = this.#video;
    for (let i = 0; i < buffered.length; i += 1) {
      if (buffered.start(i) <= currentTime && currentTime < buffered.end(i)) return buffered.end(i) - currentTime;
    }
    return 0;
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

// Without parts the playlist sets no distance, and hls.js would use three target durations: six
// segments here. Setting it again forgets stalls, so that is only done for a longer segment than
// before.
function stayTwoSegmentsBehind(hls, { live, fragments }) {
  const seconds = 2 * Math.max(...fragments.slice(-2).map((fragment) => fragment.duration));
  if (live && seconds > (hls.config.liveSyncDuration ?? 0)) hls.targetLatency = seconds;
}

/** The hook by which hls.js sends these headers with each request. */
function marking(headers) {
  const pairs = Object.entries(headers);
  if (!pairs.length) return {};
  const xhrSetup = (xhr, url) => {
    xhr.open("GET", url);
    for (const [name, value] of pairs) xhr.setRequestHeader(name, value);
  };
  return { xhrSetup };
}

async function opened(gate, headers, isOver) {
  while (!isOver()) {
    try {
      if ((await fetch(gate, { cache: "no-store", headers })).ok) return;
    } catch {
      // The server does not answer for a moment; the page reports that itself.
    }
    await new Promise((resolve) => setTimeout(resolve, GATE_RETRY_MS));
  }
}
