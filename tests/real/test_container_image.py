"""The container image, built, started, pushed to, played and stopped: `make image`."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from tests.support.commands import live_emulator
from tests.support.container import Container, Image, built_image, running, until_healthy
from tests.support.encoders import ffmpeg, film
from tests.support.live_server import Walk, until

pytestmark = pytest.mark.skipif(
    not os.environ.get("LIVE_EMULATOR_TESTS_SLOW"),
    reason="building an image takes minutes: `make image`, or LIVE_EMULATOR_TESTS_SLOW=1",
)
SIZE_MAX = 250_000_000


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    # A store that is named is kept: the next build begins where this one ended.
    named = os.environ.get("LIVE_EMULATOR_TESTS_IMAGES")
    folder = Path(named) if named else tmp_path_factory.mktemp("images")
    with built_image(folder) as image:
        yield image


def walk_of(container: Container) -> Walk:
    address = f"http://{container.host}:8787"
    return Walk({"http": address, "admin": f"{address}/_emulator"})


def push(stream: dict[str, Any], container: Container) -> None:
    """A short film by a real ffmpeg to the address that the platform's answer names."""
    command = [ffmpeg(), "-v", "error", "-re", "-i", str(film()), "-c", "copy", "-f", "flv"]
    command.append(f"{stream['rtmp_url']}/{stream['stream_key']}")
    process = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert process.returncode == 0, process.stderr + container.log.read_text()


def test_container_image_is_small_and_runs_as_nobody_in_particular(image: Image) -> None:
    assert image.size_bytes < SIZE_MAX
    assert image.config["User"] == "1000:1000"
    assert image.config["StopSignal"] == "SIGTERM"
    assert set(image.config["ExposedPorts"]) >= {"8787/tcp", "1935/tcp", "1936/tcp", "3478/udp"}
    assert "/data" in image.config["Volumes"]


def test_container_image_starts_is_pushed_to_played_and_stopped(
    image: Image, tmp_path: Path
) -> None:
    # Given a container whose root is read only,
    with running(image, tmp_path, 1) as container:
        until_healthy(container, image.config["Healthcheck"]["Test"])
        walk = walk_of(container)

        # when another machine makes a stream, then it is sent to the address that it came by;
        stream = walk.create()
        assert stream["rtmp_url"] == f"rtmp://{container.host}:1935/live"

        # when ffmpeg publishes, then what is played decodes;
        push(stream, container)
        vod = walk.until_vod(stream)
        with av.open(vod["playback_url"]) as source:
            assert len([*source.decode(video=0)]) > 30

        # what it keeps belongs to the user of the container, on its volume;
        assert {path.stat().st_uid for path in (tmp_path / "data").rglob("*")} == {1000}

        # commands inside find it; SIGTERM ends it cleanly.
        listed = container.run("live-emulator", "streams", "--json")
        assert listed.returncode == 0, listed.stderr
        assert container.stop() == 0

    # Then another container on the same volume has the recording.
    with running(image, tmp_path, 1) as container:
        until_healthy(container, image.config["Healthcheck"]["Test"])
        assert walk_of(container).stream(stream)["status"] == "ended"
        assert container.stop() == 0


def test_container_image_takes_any_user_and_is_asked_by_the_name_of_its_service(
    image: Image, tmp_path: Path
) -> None:
    public = "http://localhost:18787"
    with running(image, tmp_path, 2, user="4711:0", LIVE_EMULATOR_PUBLIC_URL=public) as container:
        until_healthy(container, image.config["Healthcheck"]["Test"])
        stream = walk_of(container).create()
        assert stream["playback_url"].startswith(public)

        # A neighbour in a network of Compose asks under the service's name.
        health = container.run(
            "python",
            "-c",
            "import urllib.request as r; print(r.urlopen(r.Request("
            "'http://127.0.0.1:8787/_emulator/worlds', headers={'Host': 'emulator:8787'})).status)",
        )
        assert health.stdout.strip() == "200", health.stderr
        assert container.stop() == 0


def test_container_image_offers_webrtc_at_ports_that_it_exposes(
    image: Image, tmp_path: Path
) -> None:
    with running(image, tmp_path, 3) as container:
        until_healthy(container, image.config["Healthcheck"]["Test"])
        walk = walk_of(container)
        stream = walk.create()
        # From here, by WHIP, from one network to the other.
        command = live_emulator("publish", stream["stream_key"])
        command += ["--whip", walk.ready["http"], "--seconds", "60"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as publisher:
            try:
                until(lambda: walk.stream(stream)["status"] == "live", "it is live by WHIP")
            finally:
                publisher.terminate()
        assert container.stop() == 0
