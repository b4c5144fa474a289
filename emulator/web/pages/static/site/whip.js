// Publishes by WHIP (RFC 9725): an offer, an answer, and a DELETE that ends it.

const GATHER_MS = 1000;
const STATS_MS = 1000;
const CONNECT_MS = 15_000;

/**
 * `await Broadcast.start(address, media, onStats, onEnd)`: `address` is a stream's `whip_url`, which
 * contains its key. `onStats` gets `{at, bitsPerSecond, framesPerSecond, width, height, roundTripMs,
 * lostShare}` each second, `onEnd` a message if the connection is lost.
 */
export class Broadcast {
  #peer = new RTCPeerConnection();
  #session = null;
  #timer = 0;
  #before = null;

  static async start(address, media, onStats, onEnd) {
    const broadcast = new Broadcast();
    try {
      await broadcast.#open(address, media, onEnd);
    } catch (error) {
      broadcast.#close();
      throw error;
    }
    broadcast.#timer = setInterval(() => broadcast.#look(onStats), STATS_MS);
    return broadcast;
  }

  /** Replace the camera, screen or microphone; the connection stays. */
  async replace(media) {
    for (const track of media.getTracks()) {
      const sender = this.#peer.getSenders().find((one) => one.track?.kind === track.kind);
      await sender?.replaceTrack(track);
    }
  }

  /** End the stream at once, so that the platform does not wait for a return. */
  async stop() {
    if (this.#session) await fetch(this.#session, { method: "DELETE", keepalive: true }).catch(() => {});
    this.#close();
  }

  async #open(address, media, onEnd) {
    for (const track of media.getTracks()) {
      const transceiver = this.#peer.addTransceiver(track, { direction: "sendonly", streams: [media] });
      if (track.kind === "video") preferH264(transceiver);
    }
    await this.#peer.setLocalDescription();
    await gathered(this.#peer);
    const response = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: this.#peer.localDescription.sdp,
    });
    if (!response.ok) throw new Error(await reason(response));
    this.#session = new URL(response.headers.get("Location"), address).href;
    await this.#peer.setRemoteDescription({ type: "answer", sdp: await response.text() });
    await this.#connected();
    this.#peer.addEventListener("connectionstatechange", () => {
      if (["failed", "closed"].includes(this.#peer.connectionState)) onEnd("The connection was lost. End the stream, and go live again.");
    });
  }

  #connected() {
    return new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`${why} A firewall may block UDP.`));
      const timer = setTimeout(() => fail("The connection timed out."), CONNECT_MS);
      const look = () => {
        const state = this.#peer.connectionState;
        if (state === "connected") resolve(clearTimeout(timer));
        if (state === "failed") fail("The connection failed.");
      };
      this.#peer.addEventListener("connectionstatechange", look);
      look();
    });
  }

  async #look(onStats) {
    const stats = [...(await this.#peer.getStats()).values()];
    const video = stats.find(({ type, kind }) => type === "outbound-rtp" && kind === "video") ?? {};
    const remote = stats.filter(({ type }) => type === "remote-inbound-rtp");
    const pair = stats.find(({ type, nominated, state }) => type === "candidate-pair" && nominated && state === "succeeded");
    const bytesSent = stats.filter(({ type }) => type === "outbound-rtp").reduce((sum, one) => sum + one.bytesSent, 0);
    const now = performance.now();
    if (this.#before) {
      const seconds = (now - this.#before.now) / 1000;
      const roundTrip = pair?.currentRoundTripTime ?? remote[0]?.roundTripTime;
      onStats({
        at: Date.now() / 1000,
        bitsPerSecond: Math.max(0, ((bytesSent - this.#before.bytesSent) * 8) / seconds),
        framesPerSecond: video.framesPerSecond ?? 0,
        width: video.frameWidth,
        height: video.frameHeight,
        roundTripMs: roundTrip === undefined ? null : roundTrip * 1000,
        lostShare: Math.max(0, ...remote.map(({ fractionLost }) => fractionLost ?? 0)),
      });
    }
    this.#before = { now, bytesSent };
  }

  #close() {
    clearInterval(this.#timer);
    this.#peer.close();
  }
}

/** H.264 is passed through to HLS players; anything else would have to be transcoded. */
function preferH264(transceiver) {
  const codecs = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
  const isH264 = ({ mimeType }) => mimeType.toLowerCase() === "video/h264";
  transceiver.setCodecPreferences?.([...codecs.filter(isH264), ...codecs.filter((codec) => !isH264(codec))]);
}

/**
 * Candidates could follow later, each with a request; after a short wait the offer has all of them.
 */
function gathered(peer) {
  const complete = new Promise((resolve) => {
    const look = () => peer.iceGatheringState === "complete" && resolve();
    peer.addEventListener("icegatheringstatechange", look);
    look();
  });
  return Promise.race([complete, new Promise((resolve) => setTimeout(resolve, GATHER_MS))]);
}

async function reason(response) {
  const value = await response.json().catch(() => null);
  return value?.message ?? `The platform refused the broadcast (${response.status}).`;
}
