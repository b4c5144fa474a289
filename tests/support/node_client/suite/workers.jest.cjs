const { basename } = require("node:path");
const { useWorld } = require("live-emulator/jest");
const meet = require("../meet.cjs");

describe("a world for each test", () => {
  const live = useWorld({ seed: "none" });

  test("workers meet in one emulator", async () => {
    await meet(basename(__filename).split(".")[0], live);
  }, 90_000);
});

describe("a world for a file", () => {
  const live = useWorld({ perFile: true });
  let name;

  test("is there", () => {
    name = live.world.name;
  });
  test("is kept", () => expect(live.world.name).toBe(name));
});

test("a world exists while a test runs", () => {
  let live;
  const later = [];
  const hooks = { beforeAll: (work) => later.push(work), afterAll: () => {} };
  live = require("live-emulator").useWorld({ ...hooks, beforeEach: () => {}, afterEach: () => {} });
  expect(() => live.world).toThrow(/while a test runs/);
});
