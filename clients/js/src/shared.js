/** Shared: one emulator for a runner and all its workers, which find it in the environment. */

import { startEmulator } from "./emulator.js";

/** @typedef {import("./emulator.js").LiveEmulator} LiveEmulator */

// A runner's setup and teardown may each load a copy of this file.
const KEY = Symbol.for("live-emulator.shared");
/** @type {any} */
const place = globalThis;

/**
 * Find or start it, and set `LIVE_EMULATOR_*` for the workers that the runner makes.
 * @param {import("./emulator.js").StartOptions} [options]
 */
export async function startShared(options) {
  const emulator = await startEmulator(options);
  const { environment } = emulator;
  const before = Object.keys(environment).map((name) => [name, process.env[name]]);
  Object.assign(process.env, environment);
  place[KEY] = { emulator, before };
}

/** Stop it, if it was started here, and restore the environment. */
export async function stopShared() {
  const shared = place[KEY];
  if (!shared) return;
  delete place[KEY];
  for (const [name, value] of shared.before)
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  await shared.emulator.stop();
}
