"""The container image in a real engine, and the commands of its page: `make image`."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from tests.support.commands import live_emulator
from tests.support.docker import IMAGE, Engine, engine
from tests.support.docs import PROJECT
from tests.support.encoders import address_of, film, pushing
from tests.support.live_server import Walk, until
from tests.support.required_programs import need

pytestmark = pytest.mark.skipif(
    not os.environ.get("LIVE_EMULATOR_TESTS_SLOW"),
    reason="building an image takes minutes: `make image`, or LIVE_EMULATOR_TESTS_SLOW=1",
)
SIZE_MAX = 250_000_000
STEP_SECONDS = 900


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    # A named folder is kept: the next build reuses its layers.
    named = os.environ.get("LIVE_EMULATOR_TESTS_IMAGES")
    with engine(Path(named) if named else tmp_path_factory.mktemp("images")) as docker:
        yield docker


@pytest.fixture
def volume(docker: Engine) -> Iterator[str]:
    name = docker.docker("volume", "create")
    yield name
    docker.docker("volume", "rm", name)


def walk_of(address: str) -> Walk:
    return Walk({"http": f"http://{address}", "admin": f"http://{address}/_emulator"})


def run(*command: str, docker: Engine, folder: Path, **variables: str) -> str:
    """The output of another program that uses the engine."""
    done = subprocess.run(
        command,
        env=docker.environment | variables,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=STEP_SECONDS,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def npm_install(package: str, docker: Engine, folder: Path) -> None:
    need("node")
    # Its optional parts are compiled, which takes minutes.
    options = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
    run(
        need("npm"),
        "install",
        "--prefix",
        str(folder),
        *options,
        package,
        docker=docker,
        folder=folder,
    )


def test_container_image_is_small_and_runs_without_root(docker: Engine) -> None:
    image = docker.inspect(IMAGE)
    assert image["Size"] < SIZE_MAX
    assert image["Config"]["User"] == "1000:1000"
    assert set(image["Config"]["ExposedPorts"]) >= {"8787/tcp", "1935/tcp", "1936/tcp", "3478/udp"}


def test_container_image_starts_takes_a_stream_plays_it_and_stops(
    docker: Engine, volume: str
) -> None:
    # Given a container with a read-only root,
    options = ["--read-only", "--tmpfs", "/tmp", "--volume", f"{volume}:/data"]
    options += ["--cap-drop", "ALL", "--publish", "127.0.0.1::8787"]
    with docker.container(*options) as container:
        docker.until_healthy(container)
        # when a client outside creates a stream, then its addresses have the host that it called;
        outside = walk_of(docker.address(container, "8787"))
        stream = outside.create()
        assert stream["rtmp_url"] == "rtmp://127.0.0.1:1935/live"
        assert outside.end(stream).status == 200
        # and likewise for a neighbour in its network.
        [network] = docker.inspect(container)["NetworkSettings"]["Networks"].values()
        walk = walk_of(f"{network['IPAddress']}:8787")
        stream = walk.create()
        assert stream["rtmp_url"] == f"rtmp://{network['IPAddress']}:1935/live"

        # When ffmpeg publishes, then the played stream decodes;
        with pushing(address_of(stream), film(), is_endless=False) as push:
            assert push.said() == ""
        vod = walk.until_vod(stream)
        with av.open(vod["playback_url"]) as source:
            assert len([*source.decode(video=0)]) > 30

        # the files on the volume belong to the container's user;
        owners = docker.docker("exec", container, "find", "/data", "-printf", "%u ")
        assert set(owners.split()) == {"1000"}
        # commands inside find the emulator; SIGTERM ends it cleanly.
        assert json.loads(docker.docker("exec", container, "live-emulator", "streams", "--json"))
        docker.docker("stop", container)
        assert docker.inspect(container)["State"]["ExitCode"] == 0

    # Then another container on the same volume has the recording.
    with docker.container(*options) as container:
        docker.until_healthy(container)
        again = walk_of(docker.address(container, "8787"))
        assert again.stream(stream)["status"] == "ended"


def test_container_image_takes_any_user_and_is_asked_by_the_name_of_its_service(
    docker: Engine, volume: str
) -> None:
    network = docker.docker("network", "create", f"live-emulator-{os.getpid()}")
    try:
        options = ["--user", "4711:0", "--volume", f"{volume}:/data", "--network", network]
        options += ["--network-alias", "emulator"]
        options += ["--env", "LIVE_EMULATOR_PUBLIC_URL=http://localhost:18787"]
        with docker.container(*options) as container:
            docker.until_healthy(container)
            ask = "import urllib.request as r; print(r.urlopen(r.Request('http://emulator:8787%s'%s"
            ask += ")).read().decode())"
            neighbour = ("run", "--rm", "--network", network, "--entrypoint", "python", IMAGE, "-c")
            assert '"worlds"' in docker.docker(*neighbour, ask % ("/_emulator/worlds", ""))
            make = """, b'{"title": "x"}', {'Authorization': 'Bearer ak_demo',
                'Content-Type': 'application/json'}"""
            stream = json.loads(docker.docker(*neighbour, ask % ("/api/v1/streams/", make)))
            assert stream["playback_url"].startswith("http://localhost:18787/")
    finally:
        docker.docker("network", "rm", network)


def test_container_image_takes_webrtc_at_ports_that_are_published(docker: Engine) -> None:
    ports = "21741-21744"
    options = ["--publish", "127.0.0.1::8787", "--publish", f"127.0.0.1:{ports}:{ports}/udp"]
    with docker.container(*options, "--env", f"LIVE_EMULATOR_WEBRTC_PORTS={ports}") as container:
        docker.until_healthy(container)
        walk = walk_of(docker.address(container, "8787"))
        stream = walk.create()
        command = live_emulator("publish", stream["stream_key"], "--whip", walk.ready["http"])
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as publisher:
            try:
                walk.until_status(stream, "live")
            finally:
                publisher.terminate()


def test_compose_starts_the_app_and_the_emulator(docker: Engine, tmp_path: Path) -> None:
    # Use free ports of this machine, and leave out the many of WebRTC.
    text = (PROJECT / "compose.yaml").read_text("utf-8")
    text = re.sub(r'^ *- "127\.0\.0\.1:20000.*\n', "", text, flags=re.MULTILINE)
    file = tmp_path / "compose.yaml"
    file.write_text(re.sub(r"127\.0\.0\.1:\d+:", "127.0.0.1::", text))
    has_plugin = docker.run("compose", "version").returncode == 0
    compose = ["docker", "compose"] if has_plugin else [need("docker-compose")]
    compose += ["--project-directory", str(PROJECT), "--file", str(file)]
    compose += ["--project-name", f"live-emulator-{os.getpid()}"]
    try:
        run(*compose, "up", "--detach", docker=docker, folder=PROJECT)
        address = run(*compose, "port", "app", "8000", docker=docker, folder=PROJECT).strip()

        def page() -> str:
            try:
                with urllib.request.urlopen(f"http://{address}/") as answer:
                    return str(answer.read().decode())
            except OSError:
                return ""

        assert "<li>" in until(page, "the app answers")
    finally:
        run(*compose, "down", "--volumes", docker=docker, folder=PROJECT)


def test_testcontainers_example_in_python_passes(docker: Engine, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    install = ["-m", "pip", "install", "--quiet", "--target", str(packages), "testcontainers"]
    run(sys.executable, *install, docker=docker, folder=tmp_path)
    shutil.copy(PROJECT / "examples/testcontainers/test_streams.py", tmp_path)

    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_streams.py")
    said = run(*command, docker=docker, folder=tmp_path, PYTHONPATH=str(packages))
    assert "1 passed" in said


def test_testcontainers_example_in_node_passes(docker: Engine, tmp_path: Path) -> None:
    # Later releases need Node 22.
    npm_install("testcontainers@11", docker, tmp_path)
    shutil.copy(PROJECT / "examples/testcontainers/streams.test.mjs", tmp_path)

    said = run("node", "--test", "streams.test.mjs", docker=docker, folder=tmp_path)
    assert re.search(r"pass 1\b", said)


def test_devcontainer_has_a_running_emulator(docker: Engine, tmp_path: Path) -> None:
    npm_install("@devcontainers/cli", docker, tmp_path)
    workspace = tmp_path / "live-emulator"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (PROJECT / name).is_file():
            (workspace / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, workspace / name)
    program = str(tmp_path / "node_modules/.bin/devcontainer")
    where = ("--workspace-folder", str(workspace))
    up = run(program, "up", *where, docker=docker, folder=workspace)
    container = json.loads(up.splitlines()[-1])["containerId"]
    try:
        ask = "import urllib.request as r; r.urlopen('http://127.0.0.1:8787/_emulator/health')"

        def is_healthy() -> bool:
            return docker.run("exec", container, "python3", "-c", ask).returncode == 0

        until(is_healthy, "the emulator in the workspace is healthy")
        listed_inside = run(
            program, "exec", *where, "live-emulator", "streams", docker=docker, folder=workspace
        )
        assert listed_inside
    finally:
        docker.docker("rm", "--force", container)
