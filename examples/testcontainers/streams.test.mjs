// Testcontainers for Node: `npm install testcontainers` (for Node 20: testcontainers@11),
// `docker build -t live-emulator .`, `node --test`.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { GenericContainer, Wait } from "testcontainers";

let container, platform;

before(async () => {
  container = await new GenericContainer("live-emulator")
    .withExposedPorts(8787, 1935)
    // The image has its own health check.
    .withWaitStrategy(Wait.forHealthCheck())
    .start();
  platform = `http://${container.getHost()}:${container.getMappedPort(8787)}`;
});

after(() => container?.stop());

test("a stream begins offline", async () => {
  const answer = await fetch(`${platform}/api/v1/streams/`, {
    method: "POST",
    headers: { Authorization: "Bearer ak_demo", "Content-Type": "application/json" },
    body: JSON.stringify({ title: "My First Stream" }),
  });
  assert.equal((await answer.json()).status, "offline");
});
