"""Real ffmpeg publishes to the RTMP server, over plain sockets and TLS, on both event loops."""

import asyncio
import gc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import pytest
import uvloop

from emulator.core.errors import Refused
from emulator.media.ingest.config import RtmpConfig
from emulator.media.ingest.rtmp_server import RtmpServer
from emulator.media.ingest.tag import Tag
from tests.support.required_programs import need
from tests.support.rtmp_listener import GUARD_SECONDS, listening, open_files
from tests.support.rtmp_wire import (
    HANDSHAKE,
    RecordingAuthorizer,
    RecordingSink,
    connect,
    publish,
    video,
)
from tests.support.tls import self_signed, server_context

SOURCE = (
    *("-f", "lavfi", "-i", "testsrc2=s=160x90:r=30:d={seconds}"),
    *("-f", "lavfi", "-i", "sine=r=48000:d={seconds}"),
)
H264_AAC = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "30", "-c:a", "aac")


@pytest.fixture(params=["bundled", "system"])
def ffmpeg(request: pytest.FixtureRequest) -> str:
    """Two builds of ffmpeg, years apart."""
    return imageio_ffmpeg.get_ffmpeg_exe() if request.param == "bundled" else need("ffmpeg")


async def push(
    ffmpeg: str, url: str, *options: str, seconds: float = 1, realtime: bool = False
) -> tuple[int, str]:
    """Publish bars and a tone; returns ffmpeg's exit code and error output."""
    source = [argument.format(seconds=seconds) for argument in SOURCE]
    process = await asyncio.create_subprocess_exec(
        ffmpeg,
        *("-v", "error", "-nostdin", *(["-re"] if realtime else []), *source),
        *(options or H264_AAC),
        *("-f", "flv", url),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return process.returncode, said.decode()


def counts(sink: RecordingSink) -> Counter[str]:
    return Counter(tag.kind for tag in sink.tags)


# A publish.


async def test_rtmp_ingest_ffmpeg_publishes(ffmpeg: str) -> None:
    authorizer = RecordingAuthorizer()
    async with listening(authorizer) as (server, url):
        assert await push(ffmpeg, f"{url}/live/good") == (0, "")
        sink = authorizer.sinks["good"]
        await sink.closed.wait()

        # A sequence header and an end of sequence in addition to the 30 frames.
        assert counts(sink)["video"] == 32
        assert counts(sink)["audio"] in range(48, 52)
        assert counts(sink)["script"] == 1
        assert sink.closed_for == ["the publisher stopped"]
        assert server.publisher_count == 0
        assert sink.publish_request.protocol == "rtmp"
        assert sink.publish_request.encoder.startswith("FMLE/3.0 (compatible; Lavf")
        assert sink.publish_request.peer.startswith("127.0.0.1:")


@pytest.mark.parametrize("path", ["live/good?user=ada", "live/instance/good", "live//good"])
async def test_rtmp_ingest_ffmpeg_address_may_have_any_spelling(path: str) -> None:
    authorizer = RecordingAuthorizer()
    async with listening(authorizer) as (_, url):
        result = await push(imageio_ffmpeg.get_ffmpeg_exe(), f"{url}/{path}", seconds=0.2)
        assert result == (0, "")
        assert authorizer.sinks.keys() == {"good"}


async def test_rtmp_ingest_ffmpeg_publishes_over_tls(ffmpeg: str, tmp_path: Path) -> None:
    authorizer = RecordingAuthorizer()
    server = RtmpServer(authorizer)
    context = server_context(self_signed(tmp_path))
    port = await server.start_tls("127.0.0.1", 0, lambda: context)
    async with asyncio.timeout(GUARD_SECONDS):
        # Newer versions of ffmpeg verify by default, and nobody has signed this certificate.
        url = f"rtmps://127.0.0.1:{port}/live/good"
        assert await push(ffmpeg, url, *H264_AAC, "-tls_verify", "0") == (0, "")
        await authorizer.sinks["good"].closed.wait()
    await server.stop("the test is over")
    assert counts(authorizer.sinks["good"])["video"] == 32
    assert authorizer.sinks["good"].publish_request.protocol == "rtmps"


@pytest.mark.parametrize(
    ("options", "opening"),
    [
        (("-c:v", "libx265", "-x265-params", "log-level=none", "-an"), "90" + b"hvc1".hex()),
        (("-c:v", "libaom-av1", "-cpu-used", "8", "-an"), "90" + b"av01".hex()),
        (("-c:a", "libopus", "-vn"), "90" + b"Opus".hex()),
    ],
    ids=["hevc", "av1", "opus"],
)
async def test_rtmp_ingest_enhanced_rtmp_is_accepted(
    options: tuple[str, ...], opening: str
) -> None:
    authorizer = RecordingAuthorizer()
    async with listening(authorizer) as (_, url):
        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
        assert await push(ffmpeg, f"{url}/live/good", *options, seconds=0.5) == (0, "")
        sink = authorizer.sinks["good"]
        await sink.closed.wait()
        first = next(tag for tag in sink.tags if tag.kind != "script")
        assert first.payload[:5].hex() == opening


# A refusal.


async def test_rtmp_ingest_refused_key_is_explained_by_ffmpeg(ffmpeg: str) -> None:
    async with listening(RecordingAuthorizer()) as (_, url):
        code, said = await push(ffmpeg, f"{url}/live/bad")
        assert code != 0
        assert "Server error: No stream has this key." in said


async def test_rtmp_ingest_missing_key_is_explained_by_ffmpeg() -> None:
    async with listening(RecordingAuthorizer()) as (_, url):
        code, said = await push(imageio_ffmpeg.get_ffmpeg_exe(), f"{url}/live/")
        assert code != 0
        assert "Server error: The stream key is missing" in said


async def test_rtmp_ingest_wrong_application_is_explained_by_ffmpeg(ffmpeg: str) -> None:
    async with listening(RecordingAuthorizer()) as (_, url):
        code, said = await push(ffmpeg, f"{url}/other/good")
        assert code != 0
        assert "this server's address ends in /live" in said


async def test_rtmp_ingest_refused_codec_is_explained_by_ffmpeg(ffmpeg: str) -> None:
    message = "MP3 is not taken here: choose AAC."
    authorizer = RecordingAuthorizer(refuses_media=Refused("unsupported", message))
    async with listening(authorizer) as (_, url):
        code, said = await push(ffmpeg, f"{url}/live/good", seconds=30, realtime=True)
        assert code != 0
        assert f"Server error: {message}" in said
        assert authorizer.sinks["good"].closed_for == [message]
        assert len(authorizer.sinks["good"].tags) == 1


async def test_rtmp_ingest_dropped_publisher_gets_the_reason(ffmpeg: str) -> None:
    # Given a publisher that is sending,
    authorizer = RecordingAuthorizer()
    async with listening(authorizer) as (server, url):
        pushing = asyncio.create_task(push(ffmpeg, f"{url}/live/good", seconds=30, realtime=True))
        await authorizer.admitted.wait()
        sink = authorizer.sinks["good"]

        # when it is dropped, twice,
        sink.drop("The stream was ended.")
        sink.drop("Again.")

        # then its sink is closed at once, and ffmpeg prints the reason.
        assert sink.closed_for == ["The stream was ended."]
        assert server.publisher_count == 0
        code, said = await pushing
        assert code != 0
        assert "Server error: The stream was ended." in said


async def test_rtmp_ingest_player_is_pointed_to_hls(ffmpeg: str) -> None:
    async with listening(RecordingAuthorizer()) as (_, url):
        process = await asyncio.create_subprocess_exec(
            *(ffmpeg, "-v", "error", "-nostdin", "-i", f"{url}/live/good", "-f", "null", "-"),
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
        assert b"Server error: Streams are not played over RTMP here: watch over HLS." in said


async def test_rtmp_ingest_publisher_over_the_limit_gets_a_message() -> None:
    authorizer = RecordingAuthorizer()
    async with listening(authorizer, RtmpConfig(publishers_max=1)) as (_, url):
        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
        first = asyncio.create_task(push(ffmpeg, f"{url}/live/good1", seconds=30, realtime=True))
        await authorizer.admitted.wait()
        _, said = await push(ffmpeg, f"{url}/live/good2")
        assert "Server error: The server is full: its limit of 1 publishers is reached." in said
        assert authorizer.sinks.keys() == {"good1"}
        authorizer.sinks["good1"].drop("enough")
        await first


# Many at once.


async def raw_publisher(
    port: int, key: str, then: Callable[[asyncio.StreamWriter], None]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Publish with bytes of our own, and then do what real encoders do not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HANDSHAKE + connect() + publish(key) + video(0))
    then(writer)
    return reader, writer


async def twenty_at_once() -> None:
    authorizer = RecordingAuthorizer()
    limits = RtmpConfig(bytes_per_second_max=2_000_000)
    # The first subprocess of a loop opens files that later ones share, and files of earlier tests
    # are closed now and not during this count.
    await push(imageio_ffmpeg.get_ffmpeg_exe(), "rtmp://127.0.0.1:1/nobody", seconds=0.1)
    gc.collect()
    files_before, tasks_before = open_files(), len(asyncio.all_tasks())
    async with listening(authorizer, limits) as (server, url):
        port = int(url.rpartition(":")[2])

        # Given a publisher that stalls, one that floods without end, and one that turns to garbage,
        bad = [
            await raw_publisher(port, "good-stall", lambda _: None),
            await raw_publisher(
                port, "good-flood", lambda writer: writer.write(video(1, bytes(4000)) * 5000)
            ),
            await raw_publisher(port, "good-junk", lambda writer: writer.write(b"\xff" * 1000)),
        ]

        # when seventeen good publishers send at the same time,
        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
        keys = [f"good{number}" for number in range(17)]
        results = await asyncio.gather(
            *(push(ffmpeg, f"{url}/live/{key}", *COPIED, seconds=1) for key in keys)
        )

        # then each of these has arrived completely,
        assert results == [(0, "")] * 17
        for key in keys:
            await authorizer.sinks[key].closed.wait()
        assert {key: len(authorizer.sinks[key].tags) for key in keys} == dict.fromkeys(keys, 33)

        # the garbage one is gone, but not the frame before it, and the other two are still there.
        await authorizer.sinks["good-junk"].closed.wait()
        assert authorizer.sinks["good-junk"].tags == [Tag("video", 0, b"\x17\x01frame")]
        assert server.publisher_count == 2
        assert not authorizer.sinks["good-stall"].closed_for
        assert not authorizer.sinks["good-flood"].closed_for
        for _, writer in bad:
            writer.transport.abort()
    for _ in range(10):  # The client transports that were aborted close in the loop's next turns.
        await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == tasks_before
    assert open_files() == files_before


COPIED = ("-an", "-c:v", "libx264", "-preset", "ultrafast", "-threads", "1")


@pytest.mark.parametrize(
    "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
def test_rtmp_ingest_twenty_publishers_are_independent(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(twenty_at_once())
