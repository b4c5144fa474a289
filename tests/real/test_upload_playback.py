"""Uploads in Chromium's player, which stops at errors that libraries only report."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.browser import Chromium
from tests.support.encoders import film
from tests.support.live_server import PATIENCE_SECONDS, Walk, platform, until


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


def upload(walk: Walk, name: str, content: bytes) -> str:
    """Upload a file, wait until it is processed, and return the address of its watch page."""
    answer = httpx.post(
        f"{walk.ready['http']}/api/v1/videos/",
        files={"file": (name, content)},
        data={"title": "Cut off"},
        headers={"Authorization": "Bearer ak_demo"},
        timeout=PATIENCE_SECONDS,
    )
    assert answer.status_code == 201, answer.text
    path = f"/videos/{answer.json()['id']}"
    until(lambda: walk.ask("GET", path).json["status"] != "processing", "it is processed")
    video = walk.ask("GET", path).json
    assert video["status"] == "ready"
    address: str = video["playback_url"]
    return address.replace("/manifest/video.m3u8", "/watch?mode=hls")


@pytest.mark.parametrize("form", ["mp4", "mkv"])
async def test_upload_cut_off_in_the_middle_plays_to_its_end(
    walk: Walk, chromium: Chromium, tmp_path: Path, form: str
) -> None:
    # Given a file whose last audio packet is truncated,
    source = film(seconds=4, form=form, video="libx264 -preset ultrafast -g 30 -bf 2")
    content = source.read_bytes()
    if form == "mp4":
        content = faststart(source, tmp_path / "front.mp4")
    page = upload(walk, f"a.{form}", content[: len(content) * 6 // 10])
    # when it is watched to its end,
    tab = await chromium.open(page)
    await tab.until("['recording', 'ended'].includes(player.state)")
    await tab.page.wait_for_function("() => video.ended || video.error")
    # then there was no error.
    assert await tab.page.evaluate("video.error && video.error.message") is None
    assert await tab.page.evaluate("video.currentTime") > 1
    assert tab.complaints == []


def faststart(source: Path, target: Path) -> bytes:
    """The file with its index at the front, so that the end can be cut off."""
    import av

    with (
        av.open(str(source)) as input_container,
        av.open(str(target), "w", options={"movflags": "faststart"}) as out,
    ):
        streams = [out.add_stream_from_template(stream) for stream in input_container.streams]
        for packet in input_container.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    return target.read_bytes()
