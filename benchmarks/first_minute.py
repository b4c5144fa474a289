"""A newcomer's first minute: from `pip install` to a live picture, and to a first passing test.

Each step runs in a new environment, with pip's cache warm, compared with a peer where there is one.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from benchmarks.start import free_port
from benchmarks.table import Section, spread

_PROJECT = Path(__file__).parents[1]
_PEERS = Path(__file__).parent / "peers/node_modules"
_IMAGE = "live-emulator"
_ROUNDS = 3
_INSTALLS = 2
_TIMEOUT_SECONDS = 300
_OUR_TEST = """
def test_stream_goes_live(live_stream, live_publisher):
    live_publisher.start()
    assert live_stream.status == "live"
"""
_MOTO_TEST = """
import boto3
from moto import mock_aws

@mock_aws
def test_bucket_is_there():
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    s3 = boto3.client("s3", region_name="us-east-1", **keys)
    s3.create_bucket(Bucket="mine")
    assert s3.list_buckets()["Buckets"]
"""
_NODE_TEST = """
import { test } from "node:test";
import { startEmulator } from "live-emulator";

test("a stream goes live", async () => {
  const emulator = await startEmulator();
  const world = await emulator.createWorld();
  const stream = await world.createStream({ title: "First" });
  await stream.publisher.start();
  if ((await stream.status()) !== "live") throw new Error("it is not live");
  await emulator.stop();
});
"""
_EMULATE_TEST = """
import { test } from "node:test";
import { createEmulator } from "emulate";

test("a user is there", async () => {
  const seed = { github: { users: [{ login: "octocat", name: "Octo", email: "o@example.com" }] } };
  const emulator = await createEmulator({ service: "github", port: PORT, seed });
  const answer = await fetch("http://127.0.0.1:PORT/users/octocat");
  if (answer.status !== 200) throw new Error("the user is not there");
  await emulator.close();
});
"""
_EMPTY_NODE_TEST = 'import { test } from "node:test"; test("nothing", () => {});'


def measure() -> Section:
    """Measure each step alternately with its peer's. A note names a missing program."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        ours = [_install(folder / f"ours{n}", str(_PROJECT)) for n in range(_INSTALLS)]
        moto = [_install(folder / f"moto{n}", "moto[s3,server]") for n in range(_INSTALLS)]
        python, peer = (folder / name / "bin" for name in ("ours0", "moto0"))
        _run(python / "pip", "install", "--quiet", "pytest")
        _run(peer / "pip", "install", "--quiet", "pytest")
        steps: dict[str, Callable[[], float]] = {
            "start to a live picture in HLS": lambda: _picture(python),
            "start to the first answer, `moto_server`": lambda: _moto_answer(peer),
            "first pytest test": lambda: _pytest(folder, python, _OUR_TEST),
            "first pytest test, moto": lambda: _pytest(folder, peer, _MOTO_TEST),
        }
        missing: list[str] = []
        if shutil.which("node"):
            steps |= {
                "first Node test": lambda: _node(folder, python, _NODE_TEST),
                "a Node test with nothing in it": lambda: _node(folder, python, _EMPTY_NODE_TEST),
            }
        else:
            missing.append("first Node test")
        if (_PEERS / "emulate").exists():
            steps["first Node test, `emulate`"] = lambda: _node(
                folder, python, _EMULATE_TEST.replace("PORT", str(free_port()))
            )
        else:
            missing.append("first Node test, `emulate`")
        if _has_image():
            steps["container start to healthy"] = _container
        else:
            missing.append("container start to healthy")
        times: dict[str, list[float]] = {name: [] for name in steps}
        for _ in range(_ROUNDS):
            for name, step in steps.items():
                times[name].append(step())
    installs = [("pip install, from a checkout", ours), ("pip install, `moto[s3,server]`", moto)]
    return Section(
        title="First minute",
        rows=[
            ("step", "median (least to most)"),
            *((name, spread(values, "s", 1)) for name, values in [*installs, *times.items()]),
            *((name, "not here") for name in missing),
        ],
        bars=[],
        notes=[
            f"{_ROUNDS} alternating rounds, {_INSTALLS} installs, each in a new environment, "
            "pip's cache warm. A live picture: a stream is created over the API, the built-in "
            "publisher goes live, and its first complete segment is there. A container is healthy "
            "when Docker's check says so, every 2 s. MediaMTX and LocalStack were not measured: "
            "no reachable registry has them.",
        ],
    )


def _install(folder: Path, what: str) -> float:
    """Seconds to make an environment and install into it."""
    began = time.perf_counter()
    _run(Path(sys.executable), "-m", "venv", str(folder))
    _run(folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", what)
    return time.perf_counter() - began


def _picture(python: Path) -> float:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [str(python / "live-emulator"), "serve", "--data", ":memory:", "--port", "0"]
        ports = ["--rtmp-port", "0", "--rtmps-port", "0", "--ready-file", str(ready)]
        with subprocess.Popen([*command, *ports], stdout=subprocess.DEVNULL) as process:
            try:
                while not ready.exists():
                    time.sleep(0.005)
                at = json.loads(ready.read_text("utf-8"))
                stream = _post(f"{at['http']}/api/v1/streams/", {"title": "First"})
                _post(f"{at['admin']}/streams/{stream['id']}/publish", {})
                with urllib.request.urlopen(stream["playback_url"], timeout=60) as answer:
                    assert answer.status == 200
                return time.perf_counter() - began
            finally:
                process.terminate()


def _post(address: str, body: object) -> dict[str, str]:
    headers = {"Authorization": "Bearer ak_demo", "Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        result: dict[str, str] = json.load(answer)
    return result


def _moto_answer(python: Path) -> float:
    port = free_port()
    began = time.perf_counter()
    command = [str(python / "moto_server"), "--port", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as process:
        try:
            while time.perf_counter() - began < _TIMEOUT_SECONDS:
                with (
                    suppress(OSError),
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/"),
                ):
                    return time.perf_counter() - began
                time.sleep(0.002)
            raise TimeoutError("moto_server does not answer")
        finally:
            process.terminate()


def _pytest(folder: Path, python: Path, text: str) -> float:
    file = folder / "test_first.py"
    file.write_text(text, "utf-8")
    began = time.perf_counter()
    _run(python / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file))
    return time.perf_counter() - began


def _node(folder: Path, python: Path, text: str) -> float:
    packages = folder / "node_modules"
    if not packages.exists():
        packages.mkdir()
        (packages / "live-emulator").symlink_to(_PROJECT / "clients" / "js")
        (packages / "emulate").symlink_to(_PEERS / "emulate")
    file = folder / "first.test.mjs"
    file.write_text(text, "utf-8")
    path = f"{python}{os.pathsep}{os.environ['PATH']}"
    began = time.perf_counter()
    _run(Path("node"), "--test", str(file), environment={**os.environ, "PATH": path}, at=folder)
    return time.perf_counter() - began


def _has_image() -> bool:
    """Whether Docker runs here and has the project's image (docs/how-to/container.md)."""
    if shutil.which("docker") is None:
        return False
    command = ["docker", "image", "inspect", _IMAGE]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _container() -> float:
    began = time.perf_counter()
    docker = ["docker", "run", "--detach", _IMAGE]
    name = subprocess.run(docker, check=True, capture_output=True, text=True).stdout.strip()
    look = ["docker", "inspect", "--format", "{{.State.Health.Status}}", name]
    try:
        while time.perf_counter() - began < _TIMEOUT_SECONDS:
            shown = subprocess.run(look, check=True, capture_output=True, text=True)
            if shown.stdout.strip() == "healthy":
                return time.perf_counter() - began
            time.sleep(0.05)
        raise TimeoutError("the container is not healthy")
    finally:
        _run(Path("docker"), "rm", "--force", "--volumes", name)


def _run(
    program: Path, *words: str, environment: dict[str, str] | None = None, at: Path | None = None
) -> None:
    """Run a step. Raises `CalledProcessError` with the output if it fails."""
    subprocess.run(
        [str(program), *words],
        env=environment,
        cwd=at,
        check=True,
        capture_output=True,
        timeout=_TIMEOUT_SECONDS,
    )
