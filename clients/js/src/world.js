/** World: one isolated platform: called as an app calls it, and looked into as only a test can. */

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
    /** It chooses this world in `X-Emulator-World`, and stands behind the `@` of its API keys. */
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

  /** Remove it with all that belongs to it. Twice is as good as once. */
  async drop() {
    if (this._isDropped) return;
    this._isDropped = true;
    await (await this._webhooks)?.close();
    await this.emulator.admin("DELETE", `worlds/${this.name}`);
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    await this.drop();
  }

  /** Back to its seed. */
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

  /** The headers by which a request without a key means this world. */
  get headers() {
    return { "X-Emulator-World": this.name };
  }

  /** What an app under test finds this world by: the `LIVE_EMULATOR_*` variables. */
  get environment() {
    return { ...this.emulator.environment, LIVE_EMULATOR_API_KEY: this.apiKey };
  }

  /**
   * An account's API key. An account that is not there is made.
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
   * One call of the documented API as a user, or with `user: null` as nobody.
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
   * As `ask`, and what the response's body holds. Throws `EmulatorError` where it is refused.
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
   * One call of `/_emulator/` in this world. Throws `EmulatorError` where it is refused.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  admin(method, path, body) {
    return this.emulator.admin(method, path, body, this.headers);
  }

  /**
   * A new stream, offline, as the API makes it. It is no call of an app: no fault strikes it.
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
   * The events since the seed, the oldest first: each one's kind, and its own values.
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
   * @param {{ after?: number }} [options] `after`: the `seq` of the last event that is known.
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
   * The requests to this world, the oldest first. Warns where older ones are gone.
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

  /** A receiver of this world's webhooks, from the first time that it is asked for. */
  webhooks() {
    this._webhooks ??= Webhooks.open(this);
    return this._webhooks;
  }

  /**
   * What `look` gives once it gives something true. Throws `EmulatorError`, saying `what`, after
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
   * `until`, for what only happens as time passes: where time stands it fails at once, unless
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

  /** For a failed test: what its app asked of this world, and what was in its way. */
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
