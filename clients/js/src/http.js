/** HTTP requests, whose responses are returned whatever their status is. */

import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";

const TIMEOUT_MS = 30_000;

/** Keeps the test's own requests out of the request log, which then has only the app's calls. */
export const UNLOGGED = { "X-Emulator-Console": "1" };

/** A request that the emulator refused, or something that did not happen in time. */
export class EmulatorError extends Error {
  /**
   * @param {string} message
   * @param {{ status?: number, body?: unknown, cause?: unknown }} [details]
   */
  constructor(message, { status = 0, body = null, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "EmulatorError";
    /** The HTTP status of a refusal; 0 if there was no response. */
    this.status = status;
    /** The body of a refusal, parsed if it is JSON. */
    this.body = body;
  }
}

/** A response, whatever its status is. */
export class ApiResponse {
  /**
   * @param {number} status
   * @param {http.IncomingHttpHeaders} headers By their lowercase names.
   * @param {Buffer} content The raw body.
   */
  constructor(status, headers, content) {
    this.status = status;
    this.headers = headers;
    this.content = content;
  }

  /** The body as text. */
  get text() {
    return this.content.toString("utf8");
  }

  /**
   * The body as JSON. Throws `SyntaxError` if it is not JSON.
   * @returns {any}
   */
  get json() {
    return JSON.parse(this.text);
  }

  /**
   * The body as JSON, else as text; null if it is empty.
   * @returns {any}
   */
  get body() {
    if (!this.content.length) return null;
    try {
      return this.json;
    } catch {
      return this.text;
    }
  }

  /** The reason of a refusal, for an error's message. */
  get reason() {
    const { body } = this;
    const detail = body?.detail;
    if (Array.isArray(detail) && detail.length)
      return detail.map((item) => `${item.loc?.join(".")}: ${item.message ?? item.msg}`).join("; ");
    return String(body?.message ?? this.text);
  }
}

/**
 * The error for a refusal, for callers that expect success.
 * @param {string} method
 * @param {string} path
 * @param {ApiResponse} response
 */
export function refusal(method, path, { status, reason, body }) {
  return new EmulatorError(`${method} ${path}: ${status} ${reason}`, { status, body });
}

/**
 * Send one request. Throws `EmulatorError` if there is no response.
 *
 * Each request uses a new connection and no proxy, since the emulator is on this machine.
 * @param {string} method
 * @param {string} url
 * @param {Record<string, string>} headers
 * @param {unknown} [body] Sent as JSON; undefined for no body.
 * @param {{ ca?: string }} [trust] The file of the CA that signed an HTTPS server's certificate.
 * @returns {Promise<ApiResponse>}
 */
export function send(method, url, headers, body, { ca } = {}) {
  const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const sent = content
    ? { ...headers, "Content-Type": "application/json", "Content-Length": content.length }
    : headers;
  return new Promise((resolve, reject) => {
    const request = open(method, url, sent, ca, (response) => {
      /** @type {Buffer[]} */
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () =>
        resolve(
          new ApiResponse(response.statusCode ?? 0, response.headers, Buffer.concat(chunks)),
        ),
      );
    });
    /** @param {Error} cause */
    function fail(cause) {
      const text = `${method} ${url}: no response from the emulator (${cause.message}). Is it running?`;
      reject(new EmulatorError(text, { cause }));
    }
    request.on("error", fail);
    request.setTimeout(TIMEOUT_MS, () =>
      request.destroy(new Error(`silent for ${TIMEOUT_MS / 1000} s`)),
    );
    request.end(content);
  });
}

/**
 * The lines of an endless response, as they come. Ends with the response, or with the loop.
 * @param {string} url
 * @param {Record<string, string>} headers
 * @param {{ ca?: string }} [trust]
 * @returns {AsyncGenerator<string, void, void>}
 */
export async function* readLines(url, headers, { ca } = {}) {
  /** @type {http.IncomingMessage} */
  const response = await new Promise((resolve, reject) => {
    open("GET", url, headers, ca, resolve).on("error", reject).end();
  });
  try {
    if (response.statusCode !== 200)
      throw new EmulatorError(`GET ${url}: status ${response.statusCode}`, {
        status: response.statusCode,
      });
    response.setEncoding("utf8");
    let rest = "";
    for await (const chunk of response) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    response.destroy();
  }
}

/**
 * @param {string} method
 * @param {string} url
 * @param {http.OutgoingHttpHeaders} headers
 * @param {string | undefined} ca
 * @param {(response: http.IncomingMessage) => void} onResponse
 */
function open(method, url, headers, ca, onResponse) {
  if (url.startsWith("https:")) {
    const trusted = ca ? { ca: readFileSync(ca) } : {};
    return https.request(url, { method, headers, agent: false, ...trusted }, onResponse);
  }
  return http.request(url, { method, headers, agent: false }, onResponse);
}
