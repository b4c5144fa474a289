"""`/_emulator/streams/{id}/publish`: the built-in publisher, synthetic or with real media."""

from fractions import Fraction
from typing import Annotated, Literal, TypedDict

from pydantic import Field

from emulator.core.errors import Refused
from emulator.media.broadcast.broadcasts import Broadcasts
from emulator.media.broadcast.hosted import Address
from emulator.web.api.models import Milliseconds, Request, Whole
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.web.http.validation_messages import explained
from emulator.world.live import streams, synthetic

DROP_MAX_MS = 366 * 86_400_000


class PublishStart(Request):
    """`synthetic` needs no encoder and works on any clock; the others send real media.

    The default is `rtmp` if the world's clock is the machine's, else `synthetic`.
    """

    protocol: Literal["rtmp", "rtmps", "synthetic"] | None = None
    size: Annotated[str, Field(pattern=explained(r"^\d{2,4}x\d{2,4}$", "1280x720"))] = "1280x720"
    fps: Whole = Field(30, ge=1, le=120)
    kbits: Whole = Field(2500, ge=50, le=200_000)


class PublishDrop(Request):
    """`seconds` until it returns: a number, or a text such as `1m30s`."""

    seconds_ms: Milliseconds = Field(alias="seconds", ge=0, le=DROP_MAX_MS)


class Publishing(TypedDict):
    stream_id: str
    protocol: str
    status: str


@endpoint(
    "POST",
    "/streams/{stream_id}/publish",
    status=201,
    refuses=("conflict", "invalid"),
    is_body_optional=True,
)
async def start_publisher(call: Call, stream_id: str, body: PublishStart) -> Publishing:
    """Publish the test picture to a stream. Answers when the server has accepted it."""
    world = call.world
    stream = streams.find(world, stream_id)
    is_real_time = call.platform.clock.mode == "real"
    protocol = body.protocol or ("rtmp" if is_real_time else "synthetic")
    if protocol == "synthetic":
        synthetic.start(world, stream)
    else:
        from emulator.media.publisher.config import PublishConfig

        width, _, height = body.size.partition("x")
        try:
            settings = PublishConfig(
                width=int(width),
                height=int(height),
                fps=Fraction(body.fps),
                video_kbits=body.kbits,
            )
        except ValueError as error:
            raise Refused("invalid", str(error)) from None
        local = call.platform.shared.local
        url = local.rtmps if protocol == "rtmps" else local.rtmp
        address = Address(url, str(call.platform.ready["ca"]))
        await call.platform.service(Broadcasts).hosted.start(
            stream.id, stream.stream_key, address, settings
        )
    return {
        "stream_id": stream.id,
        "protocol": protocol,
        "status": streams.find(world, stream.id).status,
    }


@endpoint("DELETE", "/streams/{stream_id}/publish", refuses=("conflict",))
async def stop_publisher(call: Call, stream_id: str) -> None:
    """Stop publishing. The stream ends if no publisher returns within the reconnect window."""
    world = call.world
    stream = streams.find(world, stream_id)
    if await call.platform.service(Broadcasts).hosted.stop(stream.id):
        return
    synthetic.stop(world, stream)


@endpoint("POST", "/streams/{stream_id}/publish/drop", refuses=("conflict", "invalid"))
def drop_publisher(call: Call, stream_id: str, body: PublishDrop) -> Publishing:
    """Disconnect a synthetic publisher, and let it return by the world's clock.

    If the reconnect window is shorter, the stream has ended by then. To disconnect a real publisher
    use the fault `ingest.cut`.
    """
    world = call.world
    stream = streams.find(world, stream_id)
    synthetic.drop(world, stream, body.seconds_ms)
    return {
        "stream_id": stream.id,
        "protocol": synthetic.PROTOCOL,
        "status": streams.find(world, stream.id).status,
    }
