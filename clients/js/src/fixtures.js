/** Fixtures that vitest and Playwright share: the same names as those of the pytest plugin. */

/** @typedef {import("./emulator.js").LiveEmulator} LiveEmulator */
/** @typedef {import("./world.js").World} World */
/** @typedef {import("./stream.js").Stream} Stream */

/**
 * @typedef {Object} WorldFixtures
 * @property {Stream} liveStream A new stream of the account `demo`, offline.
 * @property {import("./stream.js").Publisher} livePublisher The publisher of `liveStream`.
 * @property {import("./stream.js").Viewers} liveViewers The audience of `liveStream`.
 * @property {import("./chat.js").Chat} liveChat The chat of `liveStream`.
 * @property {import("./steering.js").Clock} liveClock The time of the test's world.
 * @property {import("./steering.js").Faults} liveFaults The faults of the test's world.
 * @property {import("./webhooks.js").Webhooks} liveWebhooks A receiver of the world's webhooks.
 * @property {import("./scenarios.js").Scenarios} liveScenario Runs scenarios in the test's world.
 */

/**
 * @template T
 * @typedef {(value: T) => Promise<void>} Use
 */

// Both runners find the needed fixtures in a function's first parameter.
export const worldFixtures = {
  /** @param {{ liveWorld: World }} fixtures @param {Use<Stream>} use */
  liveStream: async ({ liveWorld }, use) => use(await liveWorld.createStream()),
  /** @param {{ liveStream: Stream }} fixtures @param {Use<Stream["publisher"]>} use */
  livePublisher: async ({ liveStream }, use) => use(liveStream.publisher),
  /** @param {{ liveStream: Stream }} fixtures @param {Use<Stream["viewers"]>} use */
  liveViewers: async ({ liveStream }, use) => use(liveStream.viewers),
  /** @param {{ liveStream: Stream }} fixtures @param {Use<Stream["chat"]>} use */
  liveChat: async ({ liveStream }, use) => use(liveStream.chat),
  /** @param {{ liveWorld: World }} fixtures @param {Use<World["clock"]>} use */
  liveClock: async ({ liveWorld }, use) => use(liveWorld.clock),
  /** @param {{ liveWorld: World }} fixtures @param {Use<World["faults"]>} use */
  liveFaults: async ({ liveWorld }, use) => use(liveWorld.faults),
  /**
   * @param {{ liveWorld: World }} fixtures
   * @param {Use<import("./webhooks.js").Webhooks>} use
   */
  liveWebhooks: async ({ liveWorld }, use) => use(await liveWorld.webhooks()),
  /** @param {{ liveWorld: World }} fixtures @param {Use<World["scenarios"]>} use */
  liveScenario: async ({ liveWorld }, use) => use(liveWorld.scenarios),
};

/** @typedef {(options?: import("./emulator.js").WorldOptions) => Promise<World>} WorldFactory */

/**
 * A factory of worlds, which are dropped when `use` is over.
 * @param {LiveEmulator} emulator
 * @param {Use<WorldFactory>} use
 */
export async function withWorldFactory(emulator, use) {
  /** @type {World[]} */
  const worlds = [];
  await use(async (options) => {
    const world = await emulator.createWorld(options);
    worlds.push(world);
    return world;
  });
  for (const world of worlds) await world.drop();
}
