import { basename } from "node:path";
import { expect } from "vitest";
import { test } from "live-emulator/vitest";
import meet from "../meet.cjs";

const own = test.extend({ liveEmulatorSeed: "none" });

own("workers meet in one emulator", { timeout: 90_000 }, async ({ task, liveEmulator, liveWorld, liveWorkerWorld }) => {
  await meet(basename(task.file.name).split(".")[0], { emulator: liveEmulator, world: liveWorld });
  expect(liveWorkerWorld.name).not.toBe(liveWorld.name);
});

let name;
test("a worker keeps its world", async ({ liveWorkerWorld }) => {
  name = liveWorkerWorld.name;
});
test("a worker keeps its world for the next test", async ({ liveWorkerWorld, liveWorldFactory }) => {
  expect(liveWorkerWorld.name).toBe(name);
  expect((await liveWorldFactory({ name: `own-${name}` })).name).toBe(`own-${name}`);
});

test.fails("a failed test prints what its app asked", async ({ liveWorld }) => {
  await liveWorld.ask("GET", "/streams/no-such-path");
  expect(1).toBe(2);
});
