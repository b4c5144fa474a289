/** Vitest's `globalSetup`: one emulator for the whole run. */

import { startShared, stopShared } from "./shared.js";

/**
 * A setup with options: `export default setupEmulator({ settings: { seed: "none" } })`.
 * @param {import("./emulator.js").StartOptions} options
 */
export function setupEmulator(options) {
  return async () => {
    await startShared(options);
    return stopShared;
  };
}

export default setupEmulator({});
