// WebRTC: watches a live stream by WHEP, a fraction of a second behind.

const RETRY_MS = 500;
const GATHER_MS = 1000;
const CONNECT_MS = 5000;
// Seconds from the epoch of NTP (1900) to that of Unix (1970).
const NTP_OFFSET_MS = 2_208_988_800_000;

export const isSupported = () => "RTCPeerConnection" in window;

export class Whep {
  #peer = new RTCPeerConnection();
  #stats = {};

  /**
   * Connects, and shows the stream in `video`. Waits while there is no media yet. Throws if the
   * browser or the network does not allow it. `onEnd` is called when the connection breaks. `headers`
   * are sent with the offer.
   */
  async open(address, video, isOver, onEnd, headers = {}) {
    const media = new MediaStream();
    this.#peer.addEventListener("track", ({ track }) => media.addTrack(track));
    for (const kind of ["audio", "video"]) this.#peer.addTransceiver(kind, { direction: "recvonly" });
    await this.#peer.setLocalDescription();
    await Promise.race([gathered(this.#peer), wait(GATHER_MS)]);
    const answer = await this.#ask(address, isOver, headers);
    if (!answer) return;
    const sdp = await answer.text();
    try {
      if (!canShow(sdp)) throw new Error("WHEP would show no picture here");
      await this.#peer.setRemoteDescription({ type: "answer", sdp });
      await this.#connected();
    } catch (error) {
      fetch(new URL(answer.headers.get("Location"), address), { method: "DELETE" }).catch(() => {});
      throw error;
    }
    // The server's close ends the transport at once; the connection itself fails only later.
    const [{ transport }] = this.#peer.getReceivers();
    const look = () => {
      const states = [this.#peer.connectionState, transport.state];
      if (states.some((state) => ["failed", "closed", "disconnected"].includes(state))) onEnd();
    };
    this.#peer.addEventListener("connectionstatechange", look);
    transport.addEventListener("statechange", look);
    video.srcObject = media;
  }

  /**
   * Closing the transport tells the server; a DELETE would be for a session that has already ended.
   */
  close() { this.#peer.close(); }

  /** The receiver's figures: {latencySeconds, framesPerSecond}, null if unknown. */
  async look() {
    for (const each of (await this.#peer.getStats()).values()) {
      if (each.type === "inbound-rtp" && each.kind === "video") this.#stats = each;
    }
    const { estimatedPlayoutTimestamp: at, framesPerSecond = null, framesDecoded = 0 } = this.#stats;
    const shownAt = at > NTP_OFFSET_MS ? at - NTP_OFFSET_MS : at;
    // The clocks of two machines may differ by more than the latency.
    const latency = shownAt ? Math.max(0, (performance.timeOrigin + performance.now() - shownAt) / 1000) : null;
    return { latencySeconds: latency, framesPerSecond, framesDecoded };
  }

  async #ask(address, isOver, added) {
    while (!isOver()) {
      const headers = { "Content-Type": "application/sdp", ...added };
      const answer = await fetch(address, { method: "POST", headers, body: this.#peer.localDescription.sdp });
      if (answer.status === 201) return answer;
      if (answer.status !== 404) throw new Error(`WHEP ${answer.status}`);
      await wait(RETRY_MS);
    }
    return null;
  }

  async #connected() {
    const until = performance.now() + CONNECT_MS;
    while (this.#peer.connectionState !== "connected") {
      if (this.#peer.connectionState === "failed" || performance.now() > until) throw new Error("WHEP does not connect");
      await wait(20);
    }
  }
}

// Whether video was negotiated (Firefox without its H.264 plugin accepts audio only), at an address
// that this browser connects to: Firefox pairs none of its own with a loopback address.
function canShow(sdp) {
  const addresses = [...sdp.matchAll(/^a=candidate:(?:\S+ ){4}(\S+)/gm)].map(([, address]) => address);
  const isLoopback = addresses.every((address) => address === "::1" || address.startsWith("127."));
  return /^m=video [1-9]/m.test(sdp) && !(isLoopback && navigator.userAgent.includes("Firefox/"));
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function gathered(peer) {
  return new Promise((resolve) => {
    const look = () => { if (peer.iceGatheringState === "complete") resolve(); };
    peer.addEventListener("icegatheringstatechange", look);
    look();
  });
}
