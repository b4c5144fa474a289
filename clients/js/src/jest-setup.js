/** Jest's `globalSetup`: one emulator for the whole run. */

import { startShared } from "./shared.js";

/**
 * A setup with options: `module.exports = setupEmulator({ settings: { seed: "none" } })`.
 * @param {import("./emulator.js").StartOptions} options
 */
export function setupEmulator(options) {
  return () => startShared(options);
}

export default setupEmulator({});
