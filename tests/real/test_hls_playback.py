"""Real players with an HLS stream and a minimal HTTP server: a failure here is a fault of HLS.

`test_main_job` and `test_watch_page` test the whole product with the same players.
"""

import asyncio
import socket
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator.core.errors import Refused
from emulator.media.hls.config import MediaStoreConfig
from emulator.media.hls.segments import read
from emulator.media.hls.store import MediaStore
from emulator.media.hls.stream import HlsStream, Kind
from tests.support.broadcast import RealBroadcast, WrittenPart, flv, joined, put
from tests.support.encoders import BOTH, ffmpeg
from tests.support.hls.media_rules import check_media
from tests.support.hls.multivariant_rules import check_multivariant
from tests.support.hls.reload_rules import check_reload
from tests.support.hls.text import parse

UID = "ab" * 16
H264 = "libx264 -preset ultrafast -g 30 -bf 0"
B_FRAMES = "libx264 -preset veryfast -g 30 -bf 2"
HEVC = "libx265 -preset ultrafast -x265-params keyint=30:log-level=none"
SMALL, LARGE = "320x180", "640x360"
KINDS: dict[str, Kind] = {
    "video.m3u8": "multivariant",
    "stream.m3u8": "plain",
    "llhls.m3u8": "low_latency",
}
# The publisher's films, one connection each, and the number of pictures of each size.
BROADCASTS: dict[str, tuple[Callable[[], list[bytes]], dict[str, int]]] = {
    "one film": (lambda: [flv(seconds=6, video=B_FRAMES)], {SMALL: 180}),
    "a new size": (
        lambda: [flv(seconds=3, size=size, video=H264) for size in (SMALL, LARGE)],
        {SMALL: 90, LARGE: 90},
    ),
    "a new size within a connection, and back": (
        lambda: [joined(*(flv(seconds=2, size=size) for size in (SMALL, LARGE, SMALL)))],
        {SMALL: 120, LARGE: 60},
    ),
    "a new size of HEVC": (
        lambda: [flv(seconds=3, size=size, video=HEVC) for size in (SMALL, LARGE)],
        {SMALL: 90, LARGE: 90},
    ),
    "a new codec": (
        lambda: [flv(seconds=3, video=codec) for codec in (H264, HEVC)],
        {SMALL: 180},
    ),
}
# FFmpeg's player keeps its first decoder, so only other players test a change of codec.
FOR_FFMPEG = [name for name in BROADCASTS if name != "a new codec"]


class Audience:
    """The HTTP in front of an HLS stream. `asked` is set each time a player asks for a playlist."""

    def __init__(self, media_store: MediaStore) -> None:
        self.asked = asyncio.Event()
        self._media_store = media_store

    async def manifest(self, request: Request) -> Response:
        self.asked.set()
        query = request.query_params
        numbers = [
            int(query[name]) if name in query else None for name in ("_HLS_msn", "_HLS_part")
        ]
        hls_stream = self._media_store.find(UID)
        await hls_stream.wait_for(*numbers)
        kind = KINDS[request.path_params["name"]]
        rendered = hls_stream.playlist(kind, skip=query.get("_HLS_skip") == "YES")
        return Response(rendered.body, media_type="application/vnd.apple.mpegurl")

    async def media(self, request: Request) -> Response:
        source = await self._media_store.find(UID).media(request.path_params["name"])
        return Response(await asyncio.to_thread(read, source), media_type="video/mp4")

    async def air(self, hls_stream: HlsStream, parts: list[WrittenPart], count: int) -> None:
        """Append `count` more parts each time that a player asks for a playlist, then finish."""
        for first in range(0, len(parts), count):
            await self.asked.wait()
            self.asked.clear()
            put(hls_stream, parts[first : first + count])
        hls_stream.finish()


async def refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return Response(error.message, 400 if error.code == "bad_request" else 404)


@pytest.fixture
async def media_store(tmp_path: Path) -> AsyncIterator[MediaStore]:
    media_store = MediaStore(tmp_path, MediaStoreConfig(segment_ms=1000, part_ms=200))
    yield media_store
    await media_store.close()


@pytest.fixture
def audience(media_store: MediaStore) -> Audience:
    return Audience(media_store)


@pytest.fixture
async def address(audience: Audience) -> AsyncIterator[str]:
    application = Starlette(
        routes=[
            Route("/manifest/{name}", audience.manifest),
            Route("/media/{name}", audience.media),
        ],
        exception_handlers={Refused: refused},
    )
    async with served(application) as address:
        yield address


@asynccontextmanager
async def served(application: Starlette) -> AsyncIterator[str]:
    config = uvicorn.Config(application, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    # The socket listens from here on: an early client waits for the server.
    listener = socket.create_server(("127.0.0.1", 0))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True


async def played(which: str, url: str) -> list[tuple[float, str]]:
    """The presentation time of each picture in seconds, and its size; any complaint fails."""
    command = [ffmpeg(which), "-nostdin", "-xerror", "-i", url, "-map", "0:v"]
    command += ["-an", "-vf", "showinfo", "-fps_mode", "passthrough", "-f", "null", "-"]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert not [line for line in done.stderr.splitlines() if "rror" in line]
    shown = [line for line in done.stderr.splitlines() if "pts_time:" in line]
    return [(float(_after(line, "pts_time:")), _after(line, " s:")) for line in shown]


def _after(line: str, name: str) -> str:
    return line.partition(name)[2].split()[0]


def parts_of(name: str) -> list[WrittenPart]:
    broadcast = RealBroadcast()
    make, _ = BROADCASTS[name]
    return [part for film in make() for part in broadcast.send(film)]


@pytest.mark.parametrize("which", BOTH)
@pytest.mark.parametrize("name", FOR_FFMPEG)
async def test_hls_playback_live_stream_plays_from_its_first_segment_to_its_end(
    media_store: MediaStore, audience: Audience, address: str, which: str, name: str
) -> None:
    # Given a stream that has begun,
    hls_stream = media_store.begin(UID)
    parts = parts_of(name)
    put(hls_stream, parts[:6])
    # when ffmpeg plays it while it grows,
    async with asyncio.TaskGroup() as tasks:
        playing = tasks.create_task(played(which, f"{address}/manifest/stream.m3u8"))
        tasks.create_task(audience.air(hls_stream, parts[6:], count=8))
    # then every picture was shown in its own size, each once and in order.
    shown = playing.result()
    times = [time for time, _ in shown]
    assert times == sorted(set(times))
    _, sizes = BROADCASTS[name]
    assert Counter(size for _, size in shown) == sizes


@pytest.mark.parametrize("which", BOTH)
@pytest.mark.parametrize("name", FOR_FFMPEG)
async def test_hls_playback_recording_plays_every_frame(
    media_store: MediaStore, address: str, which: str, name: str
) -> None:
    hls_stream = media_store.begin(UID)
    put(hls_stream, parts_of(name))
    hls_stream.finish()
    await hls_stream.saved()
    media_store.retire(UID)
    shown = await played(which, f"{address}/manifest/video.m3u8")
    _, sizes = BROADCASTS[name]
    assert Counter(size for _, size in shown) == sizes
    assert shown[-1][0] - shown[0][0] == pytest.approx(179 / 30, abs=0.1)


async def test_hls_playback_low_latency_player_sees_every_part_once_by_the_rules(
    media_store: MediaStore, audience: Audience, address: str
) -> None:
    # Given a stream with a change of codec in its middle,
    hls_stream = media_store.begin(UID)
    parts = parts_of("a new codec")
    put(hls_stream, parts[:6])
    async with httpx.AsyncClient(base_url=address, timeout=60) as player:
        # when a player uses blocking reloads, takes each part and fetches each hint in advance,
        async with asyncio.TaskGroup() as tasks:
            follow = tasks.create_task(_follow(player.get))
            await audience.air(hls_stream, parts[6:], count=1)
        texts, got = follow.result()
        multivariant = (await player.get("/manifest/video.m3u8")).text
    # then it got every byte of every part, in order, and every answer kept the rules.
    assert got == [part.content for part in parts]
    assert check_multivariant(multivariant) == []
    for text in texts:
        assert check_media(text) == []
    for before, after in pairwise(texts):
        assert check_reload(before, after) == []
    assert len(texts) >= len(parts) - 6


async def _follow(
    get: Callable[[str], Awaitable[httpx.Response]],
) -> tuple[list[str], list[bytes]]:
    texts = [(await get("/manifest/llhls.m3u8")).text]
    parts: dict[str, bytes] = {}
    while True:
        playlist = parse(texts[-1])
        for segment in playlist.all_segments:
            for part in segment.parts:
                if part.uri not in parts:
                    parts[part.uri] = (await get(f"/manifest/{part.uri}")).content
        if playlist.has("EXT-X-ENDLIST"):
            return texts, list(parts.values())
        opened = playlist.open
        hint = playlist.attributes("EXT-X-PRELOAD-HINT")["URI"]
        msn = opened.msn if opened else playlist.segments[-1].msn + 1
        count = len(opened.parts) if opened else 0
        hinted, reloaded = await asyncio.gather(
            get(f"/manifest/{hint}"),
            get(f"/manifest/llhls.m3u8?_HLS_msn={msn}&_HLS_part={count}"),
        )
        if hinted.status_code == 200:
            parts[hint] = hinted.content
        assert reloaded.status_code == 200
        texts.append(reloaded.text)
