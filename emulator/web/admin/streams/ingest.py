"""`/_emulator/streams/{id}/ingest`: what a publisher sends, now and during the last minutes."""

from typing import Any, NotRequired, TypedDict, cast

from pydantic import Field

from emulator.media.broadcast.broadcasts import Broadcasts
from emulator.shapes.times import iso
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.live import streams


class IngestHealth(TypedDict):
    """Without a publisher only the first two fields exist; a synthetic one has no figures.

    Rates are of the last two seconds. `pace` is media time divided by arrival time: below 1 the
    publisher is too slow. `drift_ms` is how far sound arrives before the picture. `gaps` counts
    holes and jumps of more than a second, `rejoins` the publisher's returns.
    """

    stream_id: str
    is_publishing: bool
    protocol: NotRequired[str | None]
    encoder: NotRequired[str | None]
    video_codec: NotRequired[str | None]
    width: NotRequired[int | None]
    height: NotRequired[int | None]
    audio_codec: NotRequired[str | None]
    sample_rate: NotRequired[int | None]
    channels: NotRequired[int | None]
    video_kbits: NotRequired[int]
    audio_kbits: NotRequired[int]
    frame_rate: NotRequired[float]
    pace: NotRequired[float | None]
    key_frame_interval_ms: NotRequired[int | None]
    drift_ms: NotRequired[int | None]
    gaps: NotRequired[int]
    longest_gap_ms: NotRequired[int]
    rejoins: NotRequired[int]
    warnings: NotRequired[list[str]]
    transcodes: NotRequired[list[dict[str, Any]]]
    renditions: NotRequired[list[str]]
    renditions_behind_ms: NotRequired[int]


class IngestHistoryQuery(Request):
    """`seconds` is the number of the last samples; without it all stored ones."""

    seconds: int | None = Field(None, ge=1, le=86_400)


class IngestHistory(TypedDict):
    """Each list has one number per second; the first second began at `started_at` (world's clock).

    `frames` arrived in that second, `gaps` and `rejoins` happened in it; the key frame interval and
    the drift are those at its end, null before they are known.
    """

    stream_id: str
    started_at: str
    interval_ms: int
    video_kbits: list[int]
    audio_kbits: list[int]
    frames: list[int]
    key_frame_interval_ms: list[int | None]
    drift_ms: list[int | None]
    gaps: list[int]
    rejoins: list[int]


@endpoint("GET", "/streams/{stream_id}/ingest")
def get_ingest_health(call: Call, stream_id: str) -> IngestHealth:
    """Read a publisher's health: codecs, bit rate, frame rate, key frames, drift, warnings."""
    stream = streams.find(call.world, stream_id)
    return cast(IngestHealth, call.platform.service(Broadcasts).health(stream.id))


@endpoint("GET", "/streams/{stream_id}/ingest/history")
def get_ingest_history(call: Call, stream_id: str, query: IngestHistoryQuery) -> IngestHistory:
    """Read a publisher's health during the last minutes, one sample a second.

    Samples are kept for `ingest_history`, and as long as the stream has a publisher or waits for
    one. Empty without a publisher, and for a synthetic one.
    """
    stream = streams.find(call.world, stream_id)
    broadcasts = call.platform.service(Broadcasts)
    started_at_ms, samples = broadcasts.health_history(stream.id, query.seconds)
    return {
        "stream_id": stream.id,
        "started_at": iso(started_at_ms),
        "interval_ms": 1000,
        "video_kbits": [sample.video_kbits for sample in samples],
        "audio_kbits": [sample.audio_kbits for sample in samples],
        "frames": [sample.frames for sample in samples],
        "key_frame_interval_ms": [sample.key_frame_interval_ms for sample in samples],
        "drift_ms": [sample.drift_ms for sample in samples],
        "gaps": [sample.gaps for sample in samples],
        "rejoins": [sample.rejoins for sample in samples],
    }
