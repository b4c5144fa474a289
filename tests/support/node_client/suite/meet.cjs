// Two test files wait for each other, each in its own worker, and record their worlds.

const { existsSync, mkdirSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

/** Record this worker's world, and wait for the other worker. */
module.exports = async function meet(name, { emulator, world }) {
  const folder = process.env.TEST_FOLDER;
  mkdirSync(folder, { recursive: true });
  const stream = await world.createStream({ title: name });
  const listed = await world.call("GET", "/streams/users/demo/streams");
  const titles = listed.streams.map(({ title }) => title);
  const values = {
    pid: process.pid,
    url: emulator.url,
    ca: emulator.ca,
    world: world.name,
    isOwn: emulator.isOwn,
    titles,
    stream: stream.id,
  };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(values));
  const other = name === "left" ? "right" : "left";
  const deadline = performance.now() + 60_000;
  while (!existsSync(join(folder, `${other}.json`))) {
    if (performance.now() > deadline) throw new Error(`${other} did not come: no second worker?`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
