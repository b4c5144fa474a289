// The choice among the programs of a machine.

import assert from "node:assert";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(import.meta.resolve("live-emulator"));
const { findProgram, startProgram } = await import(join(entry, "../program.js"));

const folder = mkdtempSync(join(tmpdir(), "programs-"));
const here = process.cwd();
process.chdir(folder);
after(() => process.chdir(here));

function machine(...programs) {
  const path = mkdtempSync(join(folder, "bin-"));
  for (const name of programs) {
    writeFileSync(join(path, name), "#!/bin/sh\n");
    chmodSync(join(path, name), 0o755);
  }
  return { PATH: path };
}

function found(options, env) {
  return findProgram(options, env).command.map((word) => word.replace(`${env.PATH}/`, ""));
}

test("the program is the named one, or that of the folder or the PATH", () => {
  const env = machine("live-emulator", "uvx", "pipx", "docker");
  assert.deepEqual(found({ command: ["python", "-m", "emulator"] }, env), ["python", "-m", "emulator"]);
  assert.deepEqual(found({}, env), ["live-emulator"]);
  assert.deepEqual(found({ from: "a.whl" }, env), ["uvx", "--from", "a.whl", "live-emulator"]);
  const other = { ...machine("pipx"), LIVE_EMULATOR_FROM: "b.whl" };
  assert.deepEqual(found({}, other), ["pipx", "run", "--spec", "b.whl", "live-emulator"]);
  assert.deepEqual(found({ image: "live" }, env), ["docker"]);
  assert.deepEqual(found({}, { ...machine("podman"), LIVE_EMULATOR_IMAGE: "live" }), ["podman"]);
  mkdirSync(".venv/bin", { recursive: true });
  writeFileSync(".venv/bin/live-emulator", "");
  chmodSync(".venv/bin/live-emulator", 0o755);
  assert.deepEqual(found({}, env), [join(process.cwd(), ".venv/bin/live-emulator")]);
  chmodSync(".venv/bin/live-emulator", 0o644);
});

test("no program is installed by its name alone, and the error says what to do", () => {
  for (const [options, env, reason] of [
    [{}, machine("uvx", "pipx", "docker"), /is neither in \.venv nor on the PATH/],
    [{ from: "a.whl" }, machine(), /needs uvx or pipx/],
    [{ image: "live" }, machine(), /needs docker or podman/],
  ])
    assert.throws(() => findProgram(options, env), (error) => {
      assert.match(error.message, reason);
      return /LIVE_EMULATOR_FROM/.test(error.message) && /live-emulator exec/.test(error.message);
    });
});

test("a container has the same ports inside and outside, and ends with the runner", async () => {
  // A fake engine: it runs the container's command here.
  const engine = join(folder, "docker");
  const log = join(folder, "arguments");
  const python = process.env.TEST_PYTHON;
  writeFileSync(
    engine,
    `#!/bin/sh\nprintf '%s\\n' "$@" > ${log}\nwhile [ "$1" != an-image ]; do shift; done; shift\nexec ${python} -m emulator "$@"\n`,
  );
  chmodSync(engine, 0o755);
  const before = process.env.PATH;
  process.env.PATH = `${folder}:${before}`;
  const program = await startProgram({ image: "an-image", settings: { seed: "none" } });
  process.env.PATH = before;

  const words = readFileSync(log, "utf8").split("\n");
  const port = new URL(program.ready.http).port;
  assert.equal(program.ready.http, `http://127.0.0.1:${port}`);
  assert.deepEqual(words.slice(0, 3), ["run", "--rm", "--interactive"]);
  assert.ok(words.includes(`127.0.0.1:${port}:${port}`));
  assert.ok(words.includes(`--port=${port}`) && words.includes("--host=0.0.0.0"));
  const health = await fetch(`${program.ready.admin}/health`);
  assert.equal(health.status, 200);
  await program.stop();
});
