/** The Python program: find it, start it, and end it with this process. */

import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

import { EmulatorError } from "./http.js";

const IS_WINDOWS = process.platform === "win32";
const START_SECONDS = 60;
// Programs that have to be fetched and installed first.
const FETCH_SECONDS = 600;
const STOP_MS = 10_000;
const STDERR_CHARACTERS_MAX = 4_000;
const CONTAINER_HOST = "host.docker.internal";

/**
 * @typedef {Object} ProgramOptions
 * @property {string[]} [command] The program and its first arguments, such as
 *   `["python", "-m", "emulator"]`.
 * @property {string} [from] The source for `uvx` or `pipx`: a wheel, a folder, an address.
 *   By default `LIVE_EMULATOR_FROM`.
 * @property {string} [image] A container image. By default `LIVE_EMULATOR_IMAGE`.
 * @property {Record<string, string | number | boolean>} [settings] Flags of `serve` without their
 *   dashes: `{ seed: "none", strictAuth: true }`.
 * @property {Record<string, string | undefined>} [env] Additional environment variables for the program.
 * @property {number} [startSeconds] The time limit of a start.
 */

/**
 * @typedef {Object} Ready The addresses of a running emulator.
 * @property {string} version
 * @property {number} pid
 * @property {string} data
 * @property {string} http
 * @property {string} ws
 * @property {string} rtmp
 * @property {string} rtmps
 * @property {string} ca
 * @property {string} admin
 * @property {string} console
 * @property {string} api_key
 */

/**
 * @typedef {Object} Program
 * @property {string[]} command
 * @property {boolean} [isFetched] Whether the command may have to fetch it first.
 * @property {string} [image] The container's image, if it is a container.
 */

/**
 * The program that `options`, the environment or this machine names.
 *
 * Throws `EmulatorError` if there is none. `uvx`, `pipx` and containers are tried only with a named
 * source, since anybody could register the bare name in a public registry.
 * @param {ProgramOptions} [options]
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Program}
 */
export function findProgram(options = {}, env = process.env) {
  if (options.command?.length) return { command: options.command };
  const from = options.from ?? env.LIVE_EMULATOR_FROM;
  if (from) return installed(from, env);
  const image = options.image ?? env.LIVE_EMULATOR_IMAGE;
  if (image) {
    const engine = which("docker", env) ?? which("podman", env);
    if (!engine) throw missing(`The image ${image} needs docker or podman on the PATH.`);
    return { command: [engine], image, isFetched: true };
  }
  const own = inFolder(join(process.cwd(), ".venv", IS_WINDOWS ? "Scripts" : "bin"));
  const path = own ?? which("live-emulator", env);
  if (!path)
    throw missing("live-emulator is not installed: it is neither in .venv nor on the PATH.");
  return { command: [path] };
}

/**
 * @param {string} from
 * @param {NodeJS.ProcessEnv} env
 * @returns {Program}
 */
function installed(from, env) {
  const uvx = which("uvx", env);
  if (uvx) return { command: [uvx, "--from", from, "live-emulator"], isFetched: true };
  const pipx = which("pipx", env);
  if (pipx) return { command: [pipx, "run", "--spec", from, "live-emulator"], isFetched: true };
  throw missing(`Installing it from ${from} needs uvx or pipx on the PATH.`);
}

/** @param {string} reason */
function missing(reason) {
  return new EmulatorError(
    [
      reason,
      "One of these helps:",
      "  - install the Python package into .venv or on the PATH (pip install, pipx install)",
      "  - name its source for uvx or pipx: startEmulator({ from }) or LIVE_EMULATOR_FROM",
      "  - name a container image: startEmulator({ image }) or LIVE_EMULATOR_IMAGE",
      '  - name the program: startEmulator({ command: ["python", "-m", "emulator"] })',
      "  - run the suite beside an emulator: live-emulator exec -- npm test",
    ].join("\n"),
  );
}

/**
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 */
function which(name, env) {
  for (const folder of (env.PATH ?? env.Path ?? "").split(delimiter)) {
    const path = folder && inFolder(folder, name);
    if (path) return path;
  }
  return undefined;
}

/**
 * @param {string} folder
 * @param {string} [name]
 */
function inFolder(folder, name = "live-emulator") {
  const path = join(folder, IS_WINDOWS ? `${name}.exe` : name);
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}

/** A program that we have started. It stops when this process ends, in whatever way. */
export class RunningProgram {
  /**
   * @param {import("node:child_process").ChildProcess} child
   * @param {string | undefined} image
   */
  constructor(child, image) {
    /** @type {Ready} */
    this.ready = /** @type {any} */ (undefined);
    /** The host name by which the emulator reaches servers of this process. */
    this.callbackHost = image ? CONTAINER_HOST : "127.0.0.1";
    this._child = child;
    this._ended = new Promise((resolve) => child.once("close", resolve));
  }

  /** Stop it, and wait until it is gone. */
  async stop() {
    const child = this._child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    // Waiting for its end keeps this process alive.
    child.ref();
    child.stdin?.end();
    const terminate = setTimeout(() => child.kill("SIGTERM"), STOP_MS);
    const kill = setTimeout(() => child.kill("SIGKILL"), 2 * STOP_MS);
    await this._ended;
    clearTimeout(terminate);
    clearTimeout(kill);
  }
}

/**
 * Start the program on free ports, in memory. Throws `EmulatorError` with its output.
 *
 * It has the other end of a pipe to this process, and stops when the pipe is closed: also when this
 * process is killed.
 * @param {ProgramOptions} [options]
 * @returns {Promise<RunningProgram>}
 */
export async function startProgram(options = {}) {
  const program = findProgram(options);
  const [name, ...first] = program.command;
  const serve = program.image
    ? containerArguments(program.image, { ...(await freePorts()), ...options.settings })
    : serveArguments(options.settings);
  const child = spawn(name, [...first, ...serve], {
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  const running = new RunningProgram(child, program.image);
  const seconds = options.startSeconds ?? (program.isFetched ? FETCH_SECONDS : START_SECONDS);
  try {
    running.ready = await readReady(child, program.command, seconds);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  // A script that is done can end, and its emulator with it.
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr])
    /** @type {import("node:net").Socket} */ (/** @type {unknown} */ (stream)).unref();
  return running;
}

/**
 * The arguments of `serve` for these settings, which override the defaults for tests.
 * @param {Record<string, string | number | boolean>} [settings]
 * @returns {string[]}
 */
export function serveArguments(settings = {}) {
  const usual = { data: ":memory:", port: 0, "rtmp-port": 0, "rtmps-port": 0 };
  /** @type {Record<string, string | number | boolean>} */
  const flags = { ...usual };
  for (const [name, value] of Object.entries(settings)) flags[flagOf(name)] = value;
  return [
    "serve",
    "--json",
    "--until-stdin-ends",
    ...Object.entries(flags).flatMap(([name, value]) => {
      if (typeof value === "boolean") return [value ? `--${name}` : `--no-${name}`];
      return [`--${name}=${value}`];
    }),
  ];
}

/**
 * The arguments of a container's engine. Its ports are the same inside and outside, so that every
 * address that the emulator gives is right on this machine.
 * @param {string} image
 * @param {Record<string, string | number | boolean>} settings
 */
export function containerArguments(image, settings) {
  const ports = { port: 8787, rtmpPort: 1935, rtmpsPort: 1936, ...settings };
  const serve = serveArguments({
    host: "0.0.0.0",
    publicUrl: `http://127.0.0.1:${ports.port}`,
    webhookHosts: CONTAINER_HOST,
    ...ports,
  });
  const published = [ports.port, ports.rtmpPort, ports.rtmpsPort].flatMap((number) => [
    "--publish",
    `127.0.0.1:${number}:${number}`,
  ]);
  const host = `--add-host=${CONTAINER_HOST}:host-gateway`;
  return ["run", "--rm", "--interactive", host, ...published, image, ...serve];
}

/** @param {string} name */
function flagOf(name) {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll("_", "-");
}

/** Free ports of this machine. */
async function freePorts() {
  const servers = await Promise.all(
    [1, 2, 3].map(async () => {
      const server = createServer();
      await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
      return server;
    }),
  );
  const [port, rtmpPort, rtmpsPort] = servers.map((server) => {
    return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return { port, rtmpPort, rtmpsPort };
}

/**
 * Read its addresses from the first line of its output. Later output is read and dropped.
 * @param {import("node:child_process").ChildProcess} child
 * @param {string[]} command
 * @param {number} seconds
 * @returns {Promise<Ready>}
 */
function readReady(child, command, seconds) {
  let complaint = "";
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    complaint = (complaint + text).slice(-STDERR_CHARACTERS_MAX);
  });
  // It may be gone before it has to stop.
  child.stdin?.on("error", () => {});
  const name = command.join(" ");
  return new Promise((resolve, reject) => {
    /** @param {string} text @param {unknown} [cause] */
    const fail = (text, cause) => {
      clearTimeout(timer);
      const rest = complaint.trim() && `\n${complaint.trim()}`;
      reject(new EmulatorError(`The emulator did not start: ${text}${rest}`, { cause }));
    };
    const timer = setTimeout(
      () => fail(`${name} said nothing for ${seconds} s. Allow more with startSeconds.`),
      seconds * 1000,
    );
    child.once("error", (error) => fail(`${name} cannot be run (${error.message}).`, error));
    child.once("close", (code, signal) =>
      fail(`${name} ended with ${signal ?? `exit code ${code}`}.`),
    );
    const lines = createInterface({ input: /** @type {any} */ (child.stdout) });
    lines.on("line", (line) => {
      if (!line.startsWith("{")) return;
      clearTimeout(timer);
      try {
        resolve(JSON.parse(line));
      } catch (error) {
        fail(`${name} printed ${line}, which are no addresses.`, error);
      }
    });
  });
}

/**
 * The variables of the emulator that runs on this machine, from `live-emulator env`; null if none
 * runs, or several do.
 * @param {ProgramOptions} [options]
 * @returns {Promise<Record<string, string> | null>}
 */
export async function findRunning(options = {}) {
  /** @type {Program} */
  let program;
  try {
    program = findProgram({ command: options.command });
  } catch {
    return null;
  }
  const [name, ...first] = program.command;
  const child = spawn(name, [...first, "env", "--json"], {
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "ignore"],
    windowsHide: true,
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  const code = await new Promise((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", resolve);
  });
  return code === 0 ? JSON.parse(output) : null;
}
