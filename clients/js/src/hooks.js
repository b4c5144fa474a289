/** Hooks: a world for each test, for every runner that has hooks: jest, node:test, mocha. */

import { findEmulator, startEmulator } from "./emulator.js";
import { EmulatorError } from "./http.js";

/** @typedef {import("./world.js").World} World */
/** @typedef {import("./emulator.js").LiveEmulator} LiveEmulator */
/** @typedef {(work: () => Promise<void>) => void} Hook */

/**
 * @typedef {Object} Live The objects for tests; they exist only while a test runs.
 * @property {LiveEmulator} emulator
 * @property {World} world The test's own platform, dropped when the test is over.
 */

/**
 * Give each test its own world. Call it at the top of a test file, or in a `describe`.
 *
 * Without a global setup each file starts its own emulator, and stops it.
 * @param {{ beforeAll: Hook, beforeEach: Hook, afterEach: Hook, afterAll: Hook }} hooks
 * @param {import("./emulator.js").WorldOptions & {
 *   perFile?: boolean, emulator?: import("./emulator.js").StartOptions,
 * }} [options] `perFile`: one world for all tests of the file, or of the `describe`.
 * @returns {Live}
 */
export function useWorld(hooks, { perFile = false, emulator: start, ...options } = {}) {
  /** @type {LiveEmulator | undefined} */
  let emulator;
  /** @type {World | undefined} */
  let world;
  const create = async () => {
    world = await emulator?.createWorld(options);
  };
  const drop = async () => {
    await world?.drop();
    world = undefined;
  };
  hooks.beforeAll(async () => {
    emulator = (await findEmulator(start)) ?? (await startEmulator(start));
    if (perFile) await create();
  });
  if (!perFile) {
    hooks.beforeEach(create);
    hooks.afterEach(drop);
  }
  hooks.afterAll(async () => {
    await drop();
    await emulator?.stop();
  });
  return {
    get emulator() {
      return there(emulator, "emulator");
    },
    get world() {
      return there(world, "world");
    },
  };
}

/**
 * @template T
 * @param {T | undefined} value
 * @param {string} name
 * @returns {T}
 */
function there(value, name) {
  if (value) return value;
  throw new EmulatorError(`live.${name} exists only while a test runs.`);
}
