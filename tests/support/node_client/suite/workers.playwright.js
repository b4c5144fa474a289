import { basename } from "node:path";
import { expect, test } from "live-emulator/playwright";
import meet from "../meet.cjs";

test.describe(() => {
  test.use({ liveEmulatorSeed: "none" });
  test.setTimeout(90_000);

  test("workers meet in one emulator", async ({ liveEmulator, liveWorld, liveWorkerWorld }, { file }) => {
    await meet(basename(file).split(".")[0], { emulator: liveEmulator, world: liveWorld });
    expect(liveWorkerWorld.name).not.toBe(liveWorld.name);
  });
});

test("a failed test has a report attached", async ({ liveWorld }) => {
  test.fail();
  await liveWorld.ask("GET", "/streams/no-such-path");
  expect(1).toBe(2);
});
