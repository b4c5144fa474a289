// A run that is killed, and so cannot stop its emulator.
import { test } from "live-emulator/playwright";

test("hangs", async ({ liveEmulator }) => {
  const { pid } = liveEmulator.ready;
  process.stdout.write(`\n${JSON.stringify({ pid, ca: liveEmulator.ca })}\n`);
  await new Promise(() => {});
});
