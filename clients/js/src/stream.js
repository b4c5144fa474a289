/** Stream, Publisher and Viewers: one stream, its publisher, its viewers. */

import { Chat } from "./chat.js";
import { EmulatorError, UNLOGGED } from "./http.js";

/** @typedef {import("./world.js").World} World */
/** @typedef {import("../types/platform.js").components["schemas"]} Platform */
/** @typedef {{ patienceSeconds?: number }} Patience */

export class Stream {
  /**
   * @param {World} world
   * @param {Platform["StreamWithIngest"]} values The API's answer at its creation.
   * @param {string} owner
   */
  constructor(world, values, owner) {
    this.world = world;
    this.values = values;
    this.owner = owner;
    this.id = values.id;
    this.key = values.stream_key;
    this.uid = values.cloudflare_stream_id;
    this.playbackUrl = values.playback_url;
    /** The publisher, which sends nothing until it is started. */
    this.publisher = new Publisher(this);
    /** The simulated viewers. */
    this.viewers = new Viewers(this);
    this.chat = new Chat(world, this.id, owner);
  }

  /** Server and key in one address, as ffmpeg takes it. */
  get rtmpAddress() {
    return `${this.world.emulator.rtmpUrl}/${this.key}`;
  }

  get rtmpsAddress() {
    return `${this.world.emulator.rtmpsUrl}/${this.key}`;
  }

  /** Not an app's call: no fault strikes it, and it is not logged. */
  get _asOwner() {
    return { user: this.owner, headers: UNLOGGED };
  }

  /**
   * The API's current answer.
   * @returns {Promise<Platform["Stream"]>}
   */
  now() {
    return this.world.call("GET", `/streams/id/${this.id}`, undefined, this._asOwner);
  }

  /** @returns {Promise<Platform["Stream"]["status"]>} */
  async status() {
    // Not an app's call: no fault strikes it, and it is not in the request log.
    return (await this.world.admin("GET", `streams/${this.id}`)).status;
  }

  /**
   * The stream, once it is `live` or `ended`.
   *
   * Waits 30 s, or `patienceSeconds`. While time stands nothing would happen by itself, so without
   * `patienceSeconds` it fails at once and says to which instant to advance.
   * @param {"live" | "ended"} status
   * @param {Patience} [options]
   * @returns {Promise<Platform["Stream"]>}
   */
  async until(status, options) {
    const look = async () => (await this.status()) === status;
    await this.world.untilDue(look, `the stream is ${status}`, options);
    return this.now();
  }

  /** End it, as its owner would. */
  async end() {
    await this.world.call("POST", `/streams/id/${this.id}/end`, undefined, this._asOwner);
  }

  /**
   * Its recording, once that is ready. Waits as `until` does.
   * @param {Patience} [options]
   * @returns {Promise<Platform["Vod"]>}
   */
  async vod(options) {
    const { vod_id: vodId } = await this.until("ended", options);
    if (!vodId) throw new EmulatorError("The stream had no picture, so it has left no VOD.");
    const look = async () => {
      const path = `/streams/vods/${vodId}`;
      const vod = await this.world.call("GET", path, undefined, this._asOwner);
      if (vod.status === "failed") throw new EmulatorError("The VOD has failed.");
      return vod.status === "ready" ? vod : null;
    };
    return this.world.untilDue(look, "the VOD is ready", options);
  }
}

/** Sends a test picture: without an encoder, or a real one over RTMP. */
export class Publisher {
  /** @param {Stream} stream */
  constructor(stream) {
    this._stream = stream;
  }

  /**
   * Go live. Without an encoder the stream is live at once, plays, and leaves a VOD, on any clock.
   * A `real` publisher sends RTMP; its clock is the machine's.
   * @param {{ real?: boolean, size?: string }} [options] `size`: of a real picture.
   * @returns {Promise<Stream>}
   */
  async start({ real = false, size = "320x180" } = {}) {
    const order = real ? { protocol: "rtmp", size, kbits: 600 } : { protocol: "synthetic" };
    await this._admin("POST", "", order);
    if (real) await this._stream.until("live");
    return this._stream;
  }

  /** Stop. The stream ends when the reconnect window is over. */
  async stop() {
    await this._admin("DELETE");
  }

  /**
   * Lose the connection, and come back after a while on the world's clock. A real publisher loses
   * it by the fault `ingest.cut`.
   * @param {number} backAfterSeconds
   */
  async drop(backAfterSeconds) {
    await this._admin("POST", "/drop", { seconds: backAfterSeconds });
  }

  /**
   * @param {string} method
   * @param {string} [path]
   * @param {unknown} [body]
   */
  _admin(method, path = "", body) {
    const { world, id } = this._stream;
    return world.admin(method, `streams/${id}/publish${path}`, body);
  }
}

/** A stream's simulated audience; the stream must be live. */
export class Viewers {
  /** @param {Stream} stream */
  constructor(stream) {
    this._stream = stream;
  }

  /**
   * The number of viewers now, including real ones.
   * @returns {Promise<number>}
   */
  async count() {
    return (await this._admin("GET")).viewers;
  }

  /**
   * Set the number of viewers.
   * @param {number} count
   */
  async set(count) {
    await this._admin("POST", { verb: "set", count });
  }

  /**
   * Add viewers, at once or spread over `overSeconds`.
   * @param {number} count
   * @param {{ overSeconds?: number }} [options]
   */
  async add(count, { overSeconds = 0 } = {}) {
    await this._admin("POST", { verb: "add", count, for: overSeconds });
  }

  /**
   * Change their number evenly to `to`, on the world's clock.
   * @param {number} to
   * @param {{ overSeconds: number }} options
   */
  async ramp(to, { overSeconds }) {
    await this._admin("POST", { verb: "ramp", to, for: overSeconds });
  }

  /**
   * @param {string} method
   * @param {unknown} [order]
   */
  _admin(method, order) {
    const { world, id } = this._stream;
    return world.admin(method, `streams/${id}/viewers`, order);
  }
}
