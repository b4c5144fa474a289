/** For Playwright: `webServer` for the configuration, and `test` with fixtures. */

import { test as base } from "@playwright/test";

import { startEmulator } from "./emulator.js";
import { withWorldFactory, worldFixtures } from "./fixtures.js";
import { containerArguments, findProgram, serveArguments } from "./program.js";

export { expect } from "@playwright/test";

/** @typedef {import("./emulator.js").LiveEmulator} LiveEmulator */
/** @typedef {import("./emulator.js").StartOptions} StartOptions */
/** @typedef {import("./fixtures.js").WorldFactory} WorldFactory */
/** @typedef {import("./world.js").World} World */
/**
 * @template T
 * @typedef {import("./fixtures.js").Use<T>} Use
 */

/** @typedef {Exclude<NonNullable<import("@playwright/test").PlaywrightTestConfig["webServer"]>, any[]>} WebServer */

const START_MS = 60_000;
const STOP_MS = 10_000;
// The configuration is read again in each worker, and by the user interface: then the address in the
// environment is the one that this configuration has set.
const MARK = "LIVE_EMULATOR_IS_WEB_SERVER";

/**
 * An entry of `webServer` in the configuration: one emulator for the whole run. Servers after it in
 * the list, and all tests, find it at `LIVE_EMULATOR_URL`.
 *
 * If that is set already, the emulator there is used.
 * @param {import("./program.js").ProgramOptions} [options]
 * @returns {WebServer}
 */
export function webServer(options = {}) {
  const { LIVE_EMULATOR_URL: running, [MARK]: isOurs } = process.env;
  if (running && !isOurs) return existing(running);
  process.env[MARK] = "1";
  const { command, image } = findProgram(options);
  const settings = options.settings ?? {};
  const serve = image ? containerArguments(image, settings) : serveArguments(settings);
  return {
    name: "live-emulator",
    command: [...command, ...serve].map(quoted).join(" "),
    env: /** @type {Record<string, string>} */ (options.env ?? {}),
    // It prints its addresses; a named group becomes an environment variable.
    wait: { stdout: /"http": "(?<live_emulator_url>[^"]+)"/ },
    timeout: options.startSeconds ? options.startSeconds * 1000 : START_MS,
    // By default Playwright kills, and a killed emulator leaves its folder behind.
    gracefulShutdown: { signal: "SIGTERM", timeout: STOP_MS },
  };
}

/**
 * @param {string} running
 * @returns {WebServer}
 */
function existing(running) {
  const refusal = `Nothing answers at ${running}, which LIVE_EMULATOR_URL names.`;
  return {
    name: "live-emulator",
    command: `echo ${quoted(refusal)} >&2 && exit 1`,
    url: `${running.replace(/\/+$/, "")}/_emulator/health`,
    reuseExistingServer: true,
  };
}

/**
 * Quote a word for a shell.
 * @param {string} word
 */
function quoted(word) {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (process.platform === "win32") return `"${word.replaceAll('"', '\\"')}"`;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * @typedef {import("./fixtures.js").WorldFixtures & {
 *   liveEmulatorSeed: string,
 *   liveWorld: World,
 * }} TestFixtures
 * `liveEmulatorSeed` is an option: `test.use({ liveEmulatorSeed: "none" })`.
 */

/**
 * @typedef {Object} WorkerFixtures
 * @property {LiveEmulator} liveEmulator The emulator of the run.
 * @property {WorldFactory} liveWorldFactory Makes worlds for fixtures of a wider scope.
 * @property {World} liveWorkerWorld One world for all tests of a worker.
 */

/**
 * Each test that uses one of the fixtures has its own platform, `liveWorld`.
 *
 * `liveWorkerWorld` is one for all tests of a worker. A failed test has its app's requests attached.
 * @type {import("@playwright/test").TestType<
 *   import("@playwright/test").PlaywrightTestArgs
 *     & import("@playwright/test").PlaywrightTestOptions & TestFixtures,
 *   import("@playwright/test").PlaywrightWorkerArgs
 *     & import("@playwright/test").PlaywrightWorkerOptions & WorkerFixtures
 * >}
 */
export const test = base.extend(
  /** @type {any} */ ({
    liveEmulatorSeed: ["default", { option: true }],
    // Without `webServer` each worker has its own emulator.
    liveEmulator: [
      async ({}, /** @type {Use<LiveEmulator>} */ use) => {
        const emulator = await startEmulator();
        await use(emulator);
        await emulator.stop();
      },
      { scope: "worker" },
    ],
    liveWorldFactory: [
      async (
        /** @type {{ liveEmulator: LiveEmulator }} */ { liveEmulator },
        /** @type {Use<WorldFactory>} */ use,
      ) => withWorldFactory(liveEmulator, use),
      { scope: "worker" },
    ],
    liveWorkerWorld: [
      async (
        /** @type {{ liveWorldFactory: WorldFactory }} */ { liveWorldFactory },
        /** @type {Use<World>} */ use,
      ) => use(await liveWorldFactory()),
      { scope: "worker" },
    ],
    liveWorld: async (
      /** @type {{ liveEmulator: LiveEmulator, liveEmulatorSeed: string }} */ {
        liveEmulator,
        liveEmulatorSeed,
      },
      /** @type {Use<World>} */ use,
      /** @type {import("@playwright/test").TestInfo} */ testInfo,
    ) => {
      const world = await liveEmulator.createWorld({ seed: liveEmulatorSeed });
      await use(world);
      if (testInfo.status === "failed" || testInfo.status === "timedOut") {
        const body = await world.report();
        await testInfo.attach("live-emulator", { body, contentType: "text/plain" });
      }
      await world.drop();
    },
    ...worldFixtures,
  }),
);
