/** Webhooks: receive a world's webhooks, wait for them, and verify them. */

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

import { EmulatorError } from "./http.js";

/** @typedef {import("./world.js").World} World */

const SECRET = "live-webhooks-secret";
const SIGNATURE = "webhook-signature";
const BODY_BYTES_MAX = 16 * 2 ** 20;
const KEPT_MAX = 10_000;

/** One received delivery. */
export class Delivery {
  /**
   * @param {Record<string, string>} headers By their lowercase names.
   * @param {Buffer} content The raw body.
   */
  constructor(headers, content) {
    this.headers = headers;
    this.content = content;
    this.kind = headers["webhook-event"] ?? "";
    /** The delivery's id, which all its attempts share. */
    this.id = headers["webhook-id"] ?? "";
  }

  /** @returns {any} */
  get body() {
    return JSON.parse(this.content.toString("utf8"));
  }

  /**
   * The object that the delivery is about, in the REST API's form.
   * @returns {any}
   */
  get data() {
    return this.body.data;
  }
}

/** Receives all webhooks of the world from now on, and answers 200. */
export class Webhooks {
  /**
   * @param {World} world
   * @param {import("node:http").Server} server
   */
  constructor(world, server) {
    this._world = world;
    this._server = server;
    /**
     * The deliveries, the oldest first: at most the first 10,000, including retries.
     * @type {Delivery[]}
     */
    this.received = [];
    this.secret = SECRET;
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
    this.url = `http://${world.emulator.callbackHost}:${port}/`;
    /** @type {Set<Delivery>} */
    this._waitedFor = new Set();
    /** @type {number[]} */
    this._answers = [];
  }

  /** @param {World} world */
  static async open(world) {
    const server = createServer();
    // A container reaches this machine by another address than loopback.
    const host = world.emulator.callbackHost === "127.0.0.1" ? "127.0.0.1" : undefined;
    await new Promise((resolve, reject) => {
      server.once("error", reject).listen(0, host, () => resolve(null));
    });
    const webhooks = new Webhooks(world, server);
    server.on("request", (request, response) => webhooks._receive(request, response));
    await webhooks.sendTo(webhooks.url);
    return webhooks;
  }

  /**
   * Wait for a delivery of this kind, and return the first one that no `wait` has returned yet.
   *
   * Throws `EmulatorError` after 30 s, or `patienceSeconds`, with the kinds that have come.
   * @param {string} [kind]
   * @param {{ where?: (delivery: Delivery) => boolean, patienceSeconds?: number }} [options]
   * @returns {Promise<Delivery>}
   */
  async wait(kind, { where = () => true, patienceSeconds } = {}) {
    const look = () =>
      this.received.find(
        (delivery) =>
          (!kind || delivery.kind === kind) && !this._waitedFor.has(delivery) && where(delivery),
      );
    try {
      const what = `a webhook ${kind ?? ""} has come`;
      const delivery = await this._world.until(look, what, { patienceSeconds });
      this._waitedFor.add(delivery);
      return delivery;
    } catch (error) {
      if (!(error instanceof EmulatorError)) throw error;
      const kinds = this.received.map((delivery) => delivery.kind).join(", ") || "nothing";
      throw new EmulatorError(`${error.message} What has come: ${kinds}.`);
    }
  }

  /**
   * Throws `EmulatorError` if a delivery does not have this world's signature of its body.
   * @param {Delivery} delivery
   */
  verify(delivery) {
    const header = delivery.headers[SIGNATURE] ?? "";
    const time = /time=(\d+)/.exec(header)?.[1];
    if (!time) throw new EmulatorError(`There is no signature: ${JSON.stringify(header)}.`);
    const expected = Buffer.from(signature(this.secret, Number(time), delivery.content));
    const actual = Buffer.from(header);
    if (actual.length !== expected.length || !timingSafeEqual(actual, expected))
      throw new EmulatorError(`The signature is wrong: ${header}.`);
  }

  /**
   * The headers of a valid delivery of `content`, to post one to the app under test.
   * @param {string | Buffer} content
   */
  async sign(content) {
    const seconds = Math.floor((await this._world.clock.now()).getTime() / 1000);
    return {
      "Content-Type": "application/json",
      "Webhook-Signature": signature(this.secret, seconds, Buffer.from(content)),
    };
  }

  /**
   * Answer the next deliveries with these statuses, in this order; then with 200 again.
   * @param {...number} statuses
   */
  answerWith(...statuses) {
    this._answers = statuses;
  }

  /**
   * Send the world's webhooks to the app under test as well; without `events`, all of them.
   * @param {string} url
   * @param {{ events?: string[], secret?: string }} [options]
   */
  async sendTo(url, { events, secret = SECRET } = {}) {
    await this._world.admin("POST", "webhooks", { url, secret, events });
  }

  /** Stop receiving. */
  async close() {
    this._server.closeAllConnections();
    await new Promise((resolve) => this._server.close(resolve));
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  _receive(request, response) {
    /** @type {Buffer[]} */
    const chunks = [];
    let bytes = 0;
    request.on("data", (chunk) => {
      bytes += chunk.length;
      if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
    });
    request.on("end", () => {
      const headers = /** @type {Record<string, string>} */ (request.headers);
      if (this.received.length < KEPT_MAX)
        this.received.push(new Delivery(headers, Buffer.concat(chunks)));
      response.writeHead(this._answers.shift() ?? 200, { "Content-Length": 0 }).end();
    });
  }
}

/**
 * @param {string} secret
 * @param {number} seconds
 * @param {Buffer} content
 */
function signature(secret, seconds, content) {
  const digest = createHmac("sha256", secret).update(`${seconds}.`).update(content).digest("hex");
  return `time=${seconds},sig1=${digest}`;
}
