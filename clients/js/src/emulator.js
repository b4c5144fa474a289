/** LiveEmulator: a running emulator, found or started, and the worlds in it. */

import { randomUUID } from "node:crypto";

import { EmulatorError, refusal, send } from "./http.js";
import { findRunning, startProgram } from "./program.js";
import { World } from "./world.js";

/** @typedef {import("./program.js").ProgramOptions} ProgramOptions */
/** @typedef {import("./program.js").Ready} Ready */
/** @typedef {import("./program.js").RunningProgram} RunningProgram */

/**
 * @typedef {ProgramOptions & {
 *   url?: string,
 *   reuse?: boolean,
 *   adminToken?: string,
 *   ca?: string,
 * }} StartOptions
 * `url`: the address of a running emulator, by default `LIVE_EMULATOR_URL`. `reuse`: use the one that
 * runs on this machine, if there is exactly one. `adminToken`: its `--admin-token`. `ca`: the CA file
 * of an emulator with HTTPS, by default `LIVE_EMULATOR_CA`.
 */

/**
 * @typedef {Object} WorldOptions
 * @property {string} [seed] `default`, `none`, or a file that the emulator may read.
 * @property {string} [name] By default a new unique name.
 * @property {Date | string} [now] The instant at which its clock stands from the beginning.
 */

export class LiveEmulator {
  /**
   * @param {Ready} ready Its addresses.
   * @param {{ program?: RunningProgram, adminToken?: string, ca?: string }} [details]
   */
  constructor(ready, { program, adminToken, ca } = {}) {
    /** The ready file's content. */
    this.ready = ready;
    /** Whether this process has started it, and will stop it. */
    this.isOwn = program !== undefined;
    this.callbackHost = program?.callbackHost ?? "127.0.0.1";
    this._program = program;
    this._adminToken = adminToken;
    this._trust = { ca: ca ?? (ready.http.startsWith("https:") ? ready.ca : undefined) };
  }

  /** The address of the API, the media and the pages. */
  get url() {
    return this.ready.http;
  }

  /** The address of the chat socket. */
  get wsUrl() {
    return this.ready.ws;
  }

  get rtmpUrl() {
    return this.ready.rtmp;
  }

  get rtmpsUrl() {
    return this.ready.rtmps;
  }

  /** The file of the CA that a client of RTMPS or HTTPS has to trust. */
  get ca() {
    return this.ready.ca;
  }

  get adminUrl() {
    return this.ready.admin;
  }

  get version() {
    return this.ready.version;
  }

  /** The `LIVE_EMULATOR_*` variables by which an app under test finds it. */
  get environment() {
    return {
      LIVE_EMULATOR_URL: this.url,
      LIVE_EMULATOR_WS_URL: this.wsUrl,
      LIVE_EMULATOR_RTMP_URL: this.rtmpUrl,
      LIVE_EMULATOR_RTMPS_URL: this.rtmpsUrl,
      LIVE_EMULATOR_CA: this.ca,
      LIVE_EMULATOR_API_KEY: this.ready.api_key,
      LIVE_EMULATOR_ADMIN_URL: this.adminUrl,
    };
  }

  /**
   * Create a world: a platform that shares nothing with the others.
   * @param {WorldOptions} [options]
   * @returns {Promise<World>}
   */
  async createWorld({ seed = "default", name, now } = {}) {
    const chosen = name ?? `test-${randomUUID().slice(0, 13)}`;
    const order = { name: chosen, seed, ...(now && { now: new Date(now).toISOString() }) };
    const made = await this.admin("POST", "worlds", order);
    return World.open(this, made.name, made.api_key);
  }

  /**
   * An existing world, such as `default`.
   * @param {string} [name]
   * @returns {Promise<World>}
   */
  async world(name = "default") {
    /** @type {{ worlds: { name: string, api_key: string }[] }} */
    const { worlds } = await this.admin("GET", "worlds");
    const listed = worlds.find((world) => world.name === name);
    if (!listed) {
      const names = worlds.map((world) => world.name).join(", ");
      throw new EmulatorError(`There is no world ${name}. There are: ${names}.`);
    }
    return World.open(this, listed.name, listed.api_key);
  }

  /**
   * Make one call of `/_emulator/`. Throws `EmulatorError` if it is refused.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Record<string, string>} [headers]
   * @returns {Promise<any>}
   */
  async admin(method, path, body, headers = {}) {
    const url = `${this.adminUrl}/${path}`;
    const response = await this.send(method, url, this._steering(headers), body);
    if (response.status >= 400) throw refusal(method, `/_emulator/${path}`, response);
    return response.body;
  }

  /**
   * Make one request to any of its addresses.
   * @param {string} method
   * @param {string} url
   * @param {Record<string, string>} headers
   * @param {unknown} [body]
   */
  send(method, url, headers, body) {
    return send(method, url, headers, body, this._trust);
  }

  /** Stop it, if this process has started it. A second call does nothing. */
  async stop() {
    await this._program?.stop();
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    await this.stop();
  }

  /**
   * The headers of a call of `/_emulator/`.
   * @param {Record<string, string>} headers
   * @returns {Record<string, string>}
   */
  _steering(headers) {
    const token = this._adminToken;
    return token ? { Authorization: `Bearer ${token}`, ...headers } : headers;
  }
}

/**
 * Use a running emulator, or start one on free ports, in memory.
 *
 * In this order: `url` or `LIVE_EMULATOR_URL`; with `reuse` the one that runs on this machine; a new
 * one. A new one stops on `stop()`, or when this process ends.
 * @param {StartOptions} [options]
 * @returns {Promise<LiveEmulator>}
 */
export async function startEmulator(options = {}) {
  const running = await findEmulator(options);
  if (running) {
    if (options.settings)
      process.emitWarning(
        `The emulator at ${running.url} runs already, so it keeps its own settings.`,
        "LiveEmulatorWarning",
      );
    return running;
  }
  const program = await startProgram(options);
  const adminToken = options.adminToken ?? textOf(options.settings?.adminToken);
  return new LiveEmulator(program.ready, { program, adminToken });
}

/**
 * The emulator that `url` or `LIVE_EMULATOR_URL` names, or with `reuse` the one that runs on this
 * machine. Null if there is none. Throws `EmulatorError` if nothing answers at the address.
 * @param {StartOptions} [options]
 * @returns {Promise<LiveEmulator | null>}
 */
export async function findEmulator(options = {}) {
  const url = options.url ?? process.env.LIVE_EMULATOR_URL;
  if (url) return connect(url, options);
  const found = options.reuse ? await findRunning(options) : null;
  if (!found) return null;
  return connect(found.LIVE_EMULATOR_URL, { ca: found.LIVE_EMULATOR_CA, ...options });
}

/**
 * @param {string} url
 * @param {StartOptions} options
 */
async function connect(url, options) {
  const { adminToken = process.env.LIVE_EMULATOR_ADMIN_TOKEN } = options;
  const ca = url.startsWith("https:") ? (options.ca ?? process.env.LIVE_EMULATOR_CA) : undefined;
  const base = url.replace(/\/+$/, "");
  // It may name another address, but this one is reachable.
  const unknown = { http: base, admin: `${base}/_emulator` };
  const emulator = new LiveEmulator(/** @type {any} */ (unknown), { adminToken, ca });
  try {
    emulator.ready = { ...(await emulator.admin("GET", "info")), ...unknown };
  } catch (cause) {
    const text = `${url} is not a running emulator: ${/** @type {Error} */ (cause).message}`;
    throw new EmulatorError(text, { cause });
  }
  return emulator;
}

/** @param {unknown} value */
function textOf(value) {
  return value === undefined ? undefined : String(value);
}
