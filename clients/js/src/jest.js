/** For jest: a world for each test. `live-emulator/jest/setup` starts one emulator for all files. */

import * as hooks from "./hooks.js";

/**
 * Give each test its own world, by jest's global hooks.
 * @param {Parameters<typeof hooks.useWorld>[1]} [options]
 * @returns {hooks.Live}
 */
export function useWorld(options) {
  const { beforeAll, beforeEach, afterEach, afterAll } = /** @type {any} */ (globalThis);
  return hooks.useWorld({ beforeAll, beforeEach, afterEach, afterAll }, options);
}
