// Errors that a strict user's compiler must report.
import { startEmulator, type World } from "live-emulator";
import type { components } from "live-emulator/admin";
import { useWorld } from "live-emulator/jest";
import { test as spec, webServer } from "live-emulator/playwright";
import { test } from "live-emulator/vitest";
import setup, { setupEmulator } from "live-emulator/vitest/setup";

const clock: components["schemas"]["ClockAdvance"] = { seconds: "1m30s" };

export async function uses(world: World): Promise<number> {
  const stream = await world.createStream({ title: "x", tags: ["a"] });
  await stream.publisher.start({ real: true });
  const viewers: number = await stream.viewers.count();
  const [author, content] = (await stream.chat.lines())[0];
  const length: number = author.length + content.length;
  // @ts-expect-error A stream is live or ended, and never "gone".
  await stream.until("gone");
  // @ts-expect-error Seconds are a number.
  await world.clock.advance("5");
  // @ts-expect-error There is no such field.
  console.log((await stream.now()).viewers_now);
  const missing = await world.until(() => null as string | null, "never");
  return viewers + length + missing.length;
}

// @ts-expect-error A setting is a text, a number or a flag.
await startEmulator({ settings: { seed: ["none"] } });

test("vitest", async ({ liveWorld, liveStream, liveChat }) => {
  const said: boolean = await liveChat.say("hi", { by: "ada" });
  // @ts-expect-error There is no such fixture.
  void (({ liveNothing }: Parameters<Parameters<typeof test>[1]>[0]) => liveNothing);
  console.log(liveWorld.apiKey, liveStream.rtmpAddress, said);
});
spec("playwright", async ({ page, liveStream, liveEmulator }) => {
  await page.goto(`${liveEmulator.url}/${liveStream.uid}/watch`);
});
const live = useWorld({ seed: "none", perFile: true });
console.log(live.world.name, webServer({ from: "a.whl" }), setup, setupEmulator({}), clock);
