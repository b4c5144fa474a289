"""The built-in publisher, started and stopped over the admin API."""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.cli import main
from emulator.testing import ApiResponse
from tests.support.docs import PROJECT, commands
from tests.support.live_server import Walk, platform, until


@pytest.fixture
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


def publish(walk: Walk, method: str, stream: dict[str, Any], **patch: Any) -> ApiResponse:
    address = f"{walk.ready['admin']}/streams/{stream['id']}/publish"
    return walk.ask(method, address, patch if method == "POST" else None)


@pytest.mark.parametrize("protocol", ["rtmps", "synthetic"])
def test_hosted_publisher_goes_live_is_visible_and_stops(walk: Walk, protocol: str) -> None:
    stream = walk.create()
    started = publish(walk, "POST", stream, protocol=protocol, size="320x180", kbits=200)
    assert (started.status, started.json["protocol"]) == (201, protocol)
    walk.until_status(stream, "live")
    assert walk.ingest(stream)["protocol"] == protocol
    again = publish(walk, "POST", stream, protocol=protocol)
    assert again.status == 409
    walk.until_parts(stream, 3)

    assert publish(walk, "DELETE", stream).status == 204
    walk.until_vod(stream)
    assert publish(walk, "DELETE", stream).status == 409


def test_hosted_publisher_refuses_unpublishable_input(walk: Walk) -> None:
    stream = walk.create()
    assert publish(walk, "POST", stream, protocol="rtmp", size="321x181").status == 422
    walk.end(stream)
    assert publish(walk, "POST", stream, protocol="rtmp").status == 409
    assert publish(walk, "POST", stream, protocol="synthetic").status == 409
    assert publish(walk, "POST", {"id": "nobody"}).status == 404


def test_hosted_publisher_needs_no_encoder_on_a_standing_clock(walk: Walk) -> None:
    stream = walk.create()
    walk.ask("PUT", f"{walk.ready['admin']}/clock", {"mode": "virtual"})
    assert publish(walk, "POST", stream).json["protocol"] == "synthetic"


def test_hosted_publisher_without_an_encoder_drops_and_comes_back(walk: Walk) -> None:
    stream = walk.create()
    admin = walk.ready["admin"]
    drop = f"{admin}/streams/{stream['id']}/publish/drop"
    walk.ask("PUT", f"{admin}/clock", {"mode": "virtual"})
    assert walk.ask("POST", drop, {"seconds": 3}).status == 409
    assert walk.ask("POST", drop, {"seconds": -1}).status == 422
    publish(walk, "POST", stream)

    dropped = walk.ask("POST", drop, {"seconds": "50ms"})

    assert (dropped.status, dropped.json["status"]) == (200, "live")
    assert publish(walk, "DELETE", stream).status == 409
    walk.ask("POST", f"{admin}/clock/advance", {"seconds": 0.05})
    assert publish(walk, "DELETE", stream).status == 204


def test_hosted_publisher_ends_with_a_reset(walk: Walk) -> None:
    stream = walk.create()
    publish(walk, "POST", stream, protocol="rtmp", size="320x180", kbits=200)
    assert walk.ask("POST", f"{walk.ready['admin']}/reset").status == 200
    events = f"{walk.ready['admin']}/events?kind=PublisherJoined"
    until(lambda: not walk.get(events).json["events"], "nobody publishes")


@pytest.mark.usefixtures("curl")
def test_hosted_publisher_of_the_clock_page_leaves_a_recording_of_four_hours(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = walk.create()
    monkeypatch.setenv("BASE", walk.ready["http"])
    monkeypatch.setenv("LIVE_EMULATOR_URL", walk.ready["http"])
    assert main(["clock", "freeze"]) == 0
    lines = [shown.line for shown in commands(PROJECT / "docs/how-to/clock.md")]
    first = next(number for number, line in enumerate(lines) if "/publish" in line)
    for line in lines[first : first + 4]:
        if line.startswith("live-emulator"):
            assert main(line.split()[1:]) == 0
        else:
            shown = line.replace("STREAM_ID", stream["id"])
            subprocess.run(["bash", "-c", f"{shown} --fail"], capture_output=True, check=True)
    assert walk.until_vod(stream)["duration"] == 4 * 3600
