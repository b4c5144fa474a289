// The package's features, with an emulator that it starts itself.

import assert from "node:assert";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { after, before } from "node:test";

import { EmulatorError, findEmulator, startEmulator } from "live-emulator";

let emulator;
before(async () => (emulator = await startEmulator({ settings: { seed: "none" } })));
after(() => emulator.stop());

async function inWorld(options, work) {
  const world = await emulator.createWorld({ seed: "none", ...options });
  try {
    await work(world);
  } finally {
    await world.drop();
  }
}

test("worlds share nothing, and their keys choose them", () =>
  inWorld({}, (one) =>
    inWorld({ now: "2030-01-01T00:00:00Z" }, async (other) => {
      const stream = await one.createStream({ title: "Mine", tags: ["a"] });
      const mine = await one.call("GET", "/streams/", undefined, { user: "demo" });
      const others = await other.call("GET", "/streams/");

      assert.deepEqual(mine.streams.map(({ id }) => id), [stream.id]);
      assert.deepEqual(others.streams, []);
      assert.equal((await other.clock.now()).toISOString(), "2030-01-01T00:00:00.000Z");
      // The key alone chooses the world, as for an app.
      const headers = { Authorization: `Bearer ${await one.keyOf("ada")}` };
      const me = await emulator.send("GET", `${one.url}/api/v1/auth/me`, headers);
      assert.equal(me.json.username, "ada");
      assert.equal(me.headers["x-emulator-world"], one.name);
      assert.equal(one.environment.LIVE_EMULATOR_API_KEY, one.apiKey);
    }),
  ));

test("a stream of hours is dropped, comes back, and leaves a recording", () =>
  inWorld({}, async (world) => {
    const stream = await world.createStream();
    await world.clock.freeze();
    await stream.publisher.start();
    assert.equal((await stream.until("live")).id, stream.id);
    await stream.publisher.drop(3);
    await world.clock.advance(3600);
    assert.equal(await stream.status(), "live");
    await stream.publisher.stop();
    // Time stands, so nothing happens by itself; the error says how far to advance.
    const rejected = await stream.until("ended").catch((error) => error);
    assert.match(rejected.message, /^not yet: the stream is ended\. .*clock\.advance\(10\)/);
    assert.equal(await world.clock.dueInSeconds(), 10);
    await world.clock.advance(12);
    await stream.until("ended");
    assert.equal((await stream.vod()).duration, 3597);
    await world.clock.run();
    assert.equal(await world.clock.stands(), false);
  }));

test("a real publisher sends RTMP", () =>
  inWorld({}, async (world) => {
    const stream = await world.createStream();
    await stream.publisher.start({ real: true });
    const listed = await world.admin("GET", `streams/${stream.id}`);
    assert.equal(listed.protocol, "rtmp");
    await stream.publisher.stop();
  }));

test("viewers and chat are those of the stream", () =>
  inWorld({}, async (world) => {
    const { viewers, chat, publisher } = await world.createStream();
    await world.clock.freeze();
    await publisher.start();
    await viewers.set(40);
    await viewers.add(2);
    assert.equal(await viewers.count(), 42);
    await viewers.ramp(100, { overSeconds: 10 });
    await world.clock.advance(10);
    assert.equal(await viewers.count(), 100);

    assert.equal(await chat.say("first!", { by: "ada" }), true);
    await chat.flood(4, { authors: 2 });
    const lines = await chat.lines();
    assert.deepEqual(lines[0], ["ada", "first!"]);
    assert.equal(lines.length, 5);
    await chat.settings({ slow_mode_seconds: 60 });
    await chat.say("slow", { by: "bob" });
    await assert.rejects(chat.say("again", { by: "bob" }), { name: "EmulatorError", status: 429 });
    await chat.ban("ada", { seconds: 60 });
    await assert.rejects(chat.say("me?", { by: "ada" }), { status: 403 });
    // Calls of the test itself are not in the app's requests.
    assert.deepEqual(await world.requests(), []);
  }));

test("faults strike, and the report of a failed test says so", () =>
  inWorld({}, async (world) => {
    const fault = await world.faults.start("api.fail", { path: "/streams", status: 502 });
    assert.equal((await world.ask("GET", "/streams/")).status, 502);
    // Calls of the test itself are not an app's.
    await (await world.createStream({ owner: "bob" })).now();
    await world.faults.stop(fault);
    assert.equal((await world.ask("GET", "/streams/", undefined, { user: null })).status, 200);
    await world.ask("POST", "/streams/", { title: "x", colour: "red" });
    assert.deepEqual(await world.faults.struck(), ["GET /api/v1/streams/"]);
    await world.faults.start("chat.drop", { share: "50%", skip: 2, times: 3, seconds: 9 });
    const [drop] = (await world.admin("GET", "faults")).faults;
    assert.deepEqual([drop.share, drop.skip, drop.times], [0.5, 2, 3]);
    await world.faults.clear();

    const report = await world.report();

    assert.match(report, /The last 3 of 3 requests:\n {2}GET \/api\/v1\/streams\/ -> 502 {2}demo; made by/);
    assert.match(report, /GET \/api\/v1\/streams\/ -> 200 {2}nobody\n/);
    assert.match(report, /unknown fields: colour/);
    assert.match(report, /Faults have struck 1 times/);
    await assert.rejects(world.faults.start("api.fail", { status: 9 }), /status: must be a whole number/);
  }));

test("webhooks are received, verified, refused and sent on", () =>
  inWorld({}, async (world) => {
    const webhooks = await world.webhooks();
    let posted = 0;
    const app = createServer((_, response) => {
      posted += 1;
      response.end();
    });
    // A failure below must not leave it open: this process would not end.
    app.unref();
    await new Promise((resolve) => app.listen(0, "127.0.0.1", resolve));
    await webhooks.sendTo(`http://127.0.0.1:${app.address().port}/`, { events: ["stream.live"] });
    const stream = await world.createStream();
    await webhooks.wait("stream.created");
    await world.clock.freeze();
    webhooks.answerWith(500);
    await stream.publisher.start();

    const first = await webhooks.wait("stream.live");
    webhooks.verify(first);
    assert.equal(first.data.id, stream.id);
    await world.clock.advance(5);
    const again = await webhooks.wait("stream.live");
    assert.equal(again.id, first.id);
    await world.until(() => posted, "the app has its own");

    first.content = Buffer.from("{}");
    assert.throws(() => webhooks.verify(first), /The signature is wrong/);
    const signed = await webhooks.sign("{}");
    first.headers["webhook-signature"] = signed["Webhook-Signature"];
    webhooks.verify(first);
    const waited = webhooks.wait("vod.ready", { patienceSeconds: 0 });
    await assert.rejects(waited, /a webhook vod.ready has come\. .* What has come: stream\.created, stream\.live, stream\.live/);
    app.close();
  }));

test("events are read, and watched as they happen", () =>
  inWorld({}, async (world) => {
    const stream = await world.createStream();
    const { seq } = (await world.events()).at(-1);
    const seen = (async () => {
      for await (const event of world.watchEvents("StreamWentLive", { after: seq })) return event;
    })();
    await world.clock.freeze();
    await stream.publisher.start();
    assert.equal((await seen).stream_id, stream.id);
    const kinds = (await world.events()).map(({ kind }) => kind);
    assert.ok(kinds.indexOf("StreamCreated") < kinds.indexOf("StreamWentLive"), kinds.join());
    await world.reset();
    assert.deepEqual(await world.events(), []);
  }));

test("scenarios of the library and of files are played in the world", () =>
  inWorld({ seed: "default" }, async (world) => {
    const report = await world.scenarios.play("chat-flood", { length: "5s", authors: 5 });
    assert.equal(report.outcome, "passed");
    const folder = mkdtempSync(join(tmpdir(), "scenario-"));
    writeFileSync(
      join(folder, "own.yaml"),
      "scenario: own\nlength: 5s\nexpect:\n  - {at: 1s, streams.live: 99}\n",
    );
    const missed = world.scenarios.play("own.yaml", {}, { folder });
    await assert.rejects(missed, EmulatorError);
    rmSync(folder, { recursive: true });
  }));

test("an emulator that runs is found, and is not stopped", async () => {
  const found = await startEmulator({ url: emulator.url });
  assert.equal(found.isOwn, false);
  await found.stop();
  assert.equal(found.rtmpUrl, emulator.rtmpUrl);
  assert.equal((await found.world("default")).apiKey, "ak_demo");
  await assert.rejects(found.world("nowhere"), /There is no world nowhere\. There are: /);
  const byLock = await findEmulator({ reuse: true });
  // With other emulators running, the choice would be ambiguous.
  assert.ok(byLock === null || byLock.url === emulator.url);
  await assert.rejects(startEmulator({ url: "http://127.0.0.1:9" }), /is not a running emulator/);
});

test("an emulator that serves HTTPS and has a token is steered", async () => {
  const settings = { seed: "none", tls: true, adminToken: "s3cret" };
  const own = await startEmulator({ settings });
  const world = await own.createWorld({ seed: "none" });
  assert.equal((await world.createStream()).values.title, "A stream");
  assert.match(own.url, /^https:/);
  const stranger = await startEmulator({ url: own.url, ca: own.ca }).catch((error) => error);
  assert.match(stranger.message, /401/);
  const folder = dirname(own.ca);
  await own.stop();
  assert.equal(existsSync(folder), false);
});

test("a program that cannot start says why", async () => {
  await assert.rejects(
    startEmulator({ settings: { seed: "nowhere.yaml" } }),
    /The emulator did not start: .* ended with exit code 2\.\n.*nowhere\.yaml/,
  );
  await assert.rejects(startEmulator({ settings: { colour: "red" } }), /--colour/);
  await assert.rejects(startEmulator({ command: ["no-such-program"] }), /cannot be run/);
});
