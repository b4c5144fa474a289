/** For vitest: `test` with fixtures. `live-emulator/vitest/setup` starts one emulator for all. */

import { test as base } from "vitest";

import { startEmulator } from "./emulator.js";
import { withWorldFactory, worldFixtures } from "./fixtures.js";

/** @typedef {import("./emulator.js").LiveEmulator} LiveEmulator */
/** @typedef {import("./emulator.js").StartOptions} StartOptions */
/** @typedef {import("./world.js").World} World */

/**
 * @typedef {import("./fixtures.js").WorldFixtures & {
 *   liveEmulatorOptions: StartOptions,
 *   liveEmulatorSeed: string,
 *   liveEmulator: LiveEmulator,
 *   liveWorldFactory: import("./fixtures.js").WorldFactory,
 *   liveWorkerWorld: World,
 *   liveWorld: World,
 * }} Fixtures
 */

/**
 * Each test that uses one of the fixtures has its own platform, `liveWorld`.
 *
 * `liveWorkerWorld` is one for all tests of a worker. A failed test prints its app's requests.
 * @type {import("vitest").TestAPI<Fixtures>}
 */
export const test = /** @type {any} */ (
  base.extend(/** @type {any} */ ({
    liveEmulatorOptions: [{}, { scope: "worker", injected: true }],
    liveEmulatorSeed: ["default", { injected: true }],
    // Without the global setup each worker has its own emulator.
    liveEmulator: [
      async (
        /** @type {{ liveEmulatorOptions: StartOptions }} */ { liveEmulatorOptions },
        /** @type {import("./fixtures.js").Use<LiveEmulator>} */ use,
      ) => {
        const emulator = await startEmulator(liveEmulatorOptions);
        await use(emulator);
        await emulator.stop();
      },
      { scope: "worker" },
    ],
    liveWorldFactory: [
      async (
        /** @type {{ liveEmulator: LiveEmulator }} */ { liveEmulator },
        /** @type {import("./fixtures.js").Use<import("./fixtures.js").WorldFactory>} */ use,
      ) => withWorldFactory(liveEmulator, use),
      { scope: "worker" },
    ],
    liveWorkerWorld: [
      async (
        /** @type {{ liveWorldFactory: import("./fixtures.js").WorldFactory }} */ {
          liveWorldFactory,
        },
        /** @type {import("./fixtures.js").Use<World>} */ use,
      ) => use(await liveWorldFactory()),
      { scope: "worker" },
    ],
    liveWorld: async (
      /** @type {any} */ { liveEmulator, liveEmulatorSeed, task },
      /** @type {import("./fixtures.js").Use<World>} */ use,
    ) => {
      const world = await liveEmulator.createWorld({ seed: liveEmulatorSeed });
      await use(world);
      if (task.result?.state === "fail") console.error(`live-emulator: ${await world.report()}`);
      await world.drop();
    },
    ...worldFixtures,
  }))
);
