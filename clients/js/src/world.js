/** World: one isolated platform, with the API for apps, and views that only a test has. */

import { ApiResponse, EmulatorError, readLines, refusal, UNLOGGED } from "./http.js";
import { report } from "./report.js";
import { Scenarios } from "./scenarios.js";
import { Clock, Faults } from "./steering.js";
import { Stream } from "./stream.js";
import { Webhooks } from "./webhooks.js";

/** @typedef {import("./emulator.js").LiveEmulator} LiveEmulator */
/** @typedef {import("../types/admin.js").components["schemas"]} Admin */
/** @typedef {{ kind: string, at: string, seq: number } & Record<string, any>} WorldEvent */

const PATIENCE_SECONDS = 30;
const BETWEEN_LOOKS_MS = 25;
const PAGE = 1000;

export class World {
  /**
   * @param {LiveEmulator} emulator
   * @param {string} name
   * @param {string} apiKey
   */
  constructor(emulator, name, apiKey) {
    this.emulator = emulator;
    /** The value of `X-Emulator-World`, and the part after the `@` of its API keys. */
    this.name = name;
    /** The key of the account `demo`. */
    this.apiKey = apiKey;
    this.clock = new Clock(this);
    this.faults = new Faults(this);
    this.scenarios = new Scenarios(this);
    /** @type {Map<string, string>} */
    this._keys = new Map([["demo", apiKey]]);
    /** @type {Promise<Webhooks> | undefined} */
    this._webhooks = undefined;
    this._isDropped = false;
    this._seeded = 0;
  }

  /**
   * @param {LiveEmulator} emulator
   * @param {string} name
   * @param {string} apiKey
   */
  static async open(emulator, name, apiKey) {
    const world = new World(emulator, name, apiKey);
    await world._begin();
    return world;
  }

  /** Delete it with everything in it. A second call does nothing. */
  async drop() {
    if (this._isDropped) return;
    this._isDropped = true;
    await (await this._webhooks)?.close();
    await this.emulator.admin("DELETE", `worlds/${this.name}`);
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    await this.drop();
  }

  /** Reset it to its seed. */
  async reset() {
    await (await this._webhooks)?.close();
    this._webhooks = undefined;
    this._keys = new Map([["demo", this.apiKey]]);
    await this.admin("POST", "reset");
    await this._begin();
  }

  // For the app under test.

  /** The platform's address; the API key chooses this world. */
  get url() {
    return this.emulator.url;
  }

  /** The headers that choose this world in a request without a key. */
  get headers() {
    return { "X-Emulator-World": this.name };
  }

  /** The `LIVE_EMULATOR_*` variables by which an app under test finds this world. */
  get environment() {
    return { ...this.emulator.environment, LIVE_EMULATOR_API_KEY: this.apiKey };
  }

  /**
   * An account's API key. A missing account is created.
   * @param {string} username
   * @returns {Promise<string>}
   */
  async keyOf(username) {
    const known = this._keys.get(username);
    if (known) return known;
    const key = (await this._findKey(username)) ?? (await this._makeAccount(username));
    this._keys.set(username, key);
    return key;
  }

  // For the test.

  /**
   * Make one call of the documented API as a user, or with `user: null` anonymously.
   * @param {string} method
   * @param {string} path Below `/api/v1`, or a whole address.
   * @param {unknown} [body]
   * @param {{ user?: string | null, headers?: Record<string, string> }} [options]
   * @returns {Promise<ApiResponse>}
   */
  async ask(method, path, body, { user = "demo", headers = {} } = {}) {
    const url = path.includes("://") ? path : `${this.url}/api/v1${path}`;
    /** @type {Record<string, string>} */
    const sent = { ...this.headers };
    if (user !== null) sent.Authorization = `Bearer ${await this.keyOf(user)}`;
    return this.emulator.send(method, url, { ...sent, ...headers }, body);
  }

  /**
   * Call the API as `ask` does, and return the response's body. Throws `EmulatorError` if refused.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {{ user?: string | null, headers?: Record<string, string> }} [options]
   * @returns {Promise<any>}
   */
  async call(method, path, body, options) {
    const response = await this.ask(method, path, body, options);
    if (response.status >= 400) throw refusal(method, path, response);
    return response.body;
  }

  /**
   * Make one call of `/_emulator/` in this world. Throws `EmulatorError` if it is refused.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  admin(method, path, body) {
    return this.emulator.admin(method, path, body, this.headers);
  }

  /**
   * Create a stream, which is offline. Not an app's call: no fault strikes it.
   * @param {{ title?: string, owner?: string } & Record<string, unknown>} [values] `owner`: the
   *   account; the rest is the request's body.
   * @returns {Promise<Stream>}
   */
  async createStream({ owner = "demo", title = "A stream", ...rest } = {}) {
    const as = { user: owner, headers: UNLOGGED };
    const values = await this.call("POST", "/streams/", { title, ...rest }, as);
    return new Stream(this, values, owner);
  }

  /**
   * The events since the seed, the oldest first, each with its kind and values.
   * @param {string} [kind] Such as `StreamEnded`.
   * @returns {Promise<WorldEvent[]>}
   */
  async events(kind) {
    /** @type {WorldEvent[]} */
    const events = [];
    let page = { has_more: true, next_cursor: this._seeded };
    while (page.has_more) {
      const query = new URLSearchParams({ limit: String(PAGE), after: String(page.next_cursor) });
      if (kind) query.set("kind", kind);
      const read = await this.admin("GET", `events?${query}`);
      events.push(...read.events.map(flat));
      page = read;
    }
    return events;
  }

  /**
   * The events from now on, each as it happens. Ends with the world, or with the loop.
   * @param {string} [kind]
   * @param {{ after?: number }} [options] `after`: the `seq` of the last known event.
   * @returns {AsyncGenerator<WorldEvent, void, void>}
   */
  async *watchEvents(kind, { after } = {}) {
    const query = new URLSearchParams({ after: String(after ?? (await this._lastSeq())) });
    if (kind) query.set("kind", kind);
    const headers = this.emulator._steering({ ...this.headers, Accept: "text/event-stream" });
    const url = `${this.emulator.adminUrl}/events?${query}`;
    for await (const line of readLines(url, headers, this.emulator._trust))
      if (line.startsWith("data:")) yield flat(JSON.parse(line.slice(5)));
  }

  /**
   * The requests to this world, the oldest first. Warns if older ones were dropped.
   * @returns {Promise<Admin["Request"][]>}
   */
  async requests() {
    const requests = [];
    let page = { has_more: true, next_cursor: 0, dropped: 0 };
    while (page.has_more) {
      const query = `limit=${PAGE}&world=${this.name}&after=${page.next_cursor}`;
      const read = await this.admin("GET", `requests?${query}`);
      requests.push(...read.requests);
      page = read;
    }
    if (page.dropped)
      process.emitWarning(
        `The request log has dropped the first ${page.dropped} requests of the world ${this.name}: ` +
          "raise requests_kept_max or requests_bytes_max.",
        "LiveEmulatorWarning",
      );
    return requests;
  }

  /** A receiver of this world's webhooks, which begins at its first use. */
  webhooks() {
    this._webhooks ??= Webhooks.open(this);
    return this._webhooks;
  }

  /**
   * Call `look` until its result is truthy, and return that. Throws `EmulatorError` with `what` after
   * 30 s, or `patienceSeconds`.
   * @template T
   * @param {() => T | Promise<T>} look
   * @param {string} what
   * @param {{ patienceSeconds?: number }} [options]
   * @returns {Promise<NonNullable<T>>}
   */
  async until(look, what, { patienceSeconds = PATIENCE_SECONDS } = {}) {
    const deadline = performance.now() + patienceSeconds * 1000;
    for (;;) {
      const value = await look();
      if (value) return value;
      if (performance.now() >= deadline) {
        const waited = `timed out after ${patienceSeconds} s waiting until ${what}.`;
        throw new EmulatorError(`${waited} ${await this.clock.describe()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
    }
  }

  /**
   * `until`, for things that depend on the world's time: while time stands it fails at once, unless
   * `patienceSeconds` is given.
   * @template T
   * @param {() => T | Promise<T>} look
   * @param {string} what
   * @param {{ patienceSeconds?: number }} [options]
   * @returns {Promise<NonNullable<T>>}
   */
  async untilDue(look, what, options = {}) {
    if (options.patienceSeconds === undefined && (await this.clock.stands())) {
      const now = await look();
      if (now) return now;
      await this.clock.settle();
      const settled = await look();
      if (settled) return settled;
      throw new EmulatorError(`not yet: ${what}. ${await this.clock.describe()}`);
    }
    return this.until(look, what, options);
  }

  /** The report of a failed test: its app's requests to this world, and active faults. */
  report() {
    return report(this);
  }

  async _begin() {
    this._seeded = await this._lastSeq();
  }

  async _lastSeq() {
    const { events } = await this.admin("GET", "events?order=newest&limit=1");
    return events.length ? events[0].seq : 0;
  }

  /** @param {string} username */
  async _findKey(username) {
    const query = new URLSearchParams({ find: username, per_page: "100" });
    const page = /** @type {Admin["AccountPage"]} */ (await this.admin("GET", `accounts?${query}`));
    return page.accounts.find((account) => account.username === username)?.api_keys[0];
  }

  /** @param {string} username */
  async _makeAccount(username) {
    const suffix = this.name === "default" ? "" : `@${this.name}`;
    const key = `ak_auto_${username}${suffix}`;
    const headers = { ...this.headers, ...UNLOGGED, Authorization: `Bearer ${key}` };
    const response = await this.emulator.send("GET", `${this.url}/api/v1/auth/me`, headers);
    if (response.status === 200) return key;
    throw new EmulatorError(
      `There is no account ${username} in the world ${this.name}, and none could be made: ` +
        `${response.status} ${response.reason}. With --strict-auth, put it into the seed.`,
      { status: response.status, body: response.body },
    );
  }
}

/**
 * @param {Admin["Event"]} event
 * @returns {WorldEvent}
 */
function flat({ kind, at, seq, values }) {
  return { kind, at, seq, ...values };
}
