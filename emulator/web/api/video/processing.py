"""`/video/{video_id}/process`: make other media of a video, and read the progress."""

import re
from typing import Any, Literal, TypedDict

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from emulator.shapes.website import Processing, processing, processing_of
from emulator.web.api.models import Request
from emulator.web.errors import Invalid, error_detail
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.people.accounts import User
from emulator.world.video import jobs, videos
from emulator.world.video.jobs import Job
from emulator.world.video.videos import Video

BATCH_MAX = 50
SECONDS_MAX = 864_000
SIDE_MIN, SIDE_MAX = 16, 4096
_HEIGHTS = {
    **{f"{height}p": height for height in (144, 240, 360, 480, 720, 1080, 1440, 2160)},
    "4k": 2160,
}
_BOX = re.compile(r"(\d{2,4})x(\d{2,4})", re.ASCII)
_CODECS = {"h264": "h264", "h265": "hevc", "hevc": "hevc", "vp9": "vp9", "av1": "av1"}
# The codecs of each format; the first is its default.
_HOLDS = {
    "mp4": ("h264", "h265", "hevc", "vp9", "av1"),
    "mov": ("h264", "h265", "hevc"),
    "avi": ("h264",),
    "webm": ("vp9", "av1"),
}


class ProcessOptions(Request):
    """Unknown options are refused, because they would have no effect.

    `resolution` is `original`, a height such as `720p`, or a box such as `1280x720` that the
    picture has to fit into. `thumbnailTimestamp` is in seconds. A picture alone leaves the media as
    it is.
    """

    is_documented_in_camel_case = True
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, loc_by_alias=True, extra="forbid"
    )

    resolution: str | None = Field(default=None, max_length=20, examples=["720p"])
    format: Literal["mp4", "webm", "mov", "avi"] | None = None
    codec: Literal["h264", "h265", "hevc", "vp9", "av1"] | None = None
    quality: Literal["low", "medium", "high"] | None = None
    extract_thumbnail: bool | None = None
    thumbnail_timestamp: float | None = Field(
        default=None, ge=0, le=SECONDS_MAX, allow_inf_nan=False
    )

    @field_validator("resolution")
    @classmethod
    def _resolution_is_known(cls, resolution: str | None) -> str | None:
        if (
            resolution is not None
            and resolution.lower() not in {"original", *_HEIGHTS}
            and not _box(resolution)
        ):
            raise ValueError("a resolution is original, 144p to 2160p, 4k, or such as 1280x720")
        return resolution

    @model_validator(mode="after")
    def _formats_have_their_codecs(self) -> "ProcessOptions":
        held = _HOLDS[self.format or "mp4"]
        if self.codec not in (None, *held):
            raise ValueError(f"{self.format} holds {' or '.join(held)}, not {self.codec}")
        return self

    def plain(self) -> dict[str, Any]:
        """Return the body as the upload queue's values."""
        values: dict[str, Any] = {}
        is_picture_alone = self.extract_thumbnail and not any(
            (self.resolution, self.format, self.codec, self.quality)
        )
        if not is_picture_alone:
            values["container"] = self.format or "mp4"
            values["codec"] = _CODECS[self.codec or _HOLDS[values["container"]][0]]
            values["quality"] = self.quality or "medium"
        resolution = (self.resolution or "original").lower()
        if resolution in _HEIGHTS:
            values["height"] = _HEIGHTS[resolution]
        elif box := _box(resolution):
            values["size"] = box
        return values


class ProcessRequest(Request):
    is_documented_in_camel_case = True

    options: ProcessOptions = ProcessOptions()


class BatchRequest(Request):
    is_documented_in_camel_case = True

    video_ids: list[str] = Field(min_length=1, max_length=BATCH_MAX)
    options: ProcessOptions = ProcessOptions()


class ProcessingBatch(TypedDict):
    jobId: str
    videos: list[Processing]


@endpoint(
    "POST",
    "/video/{video_id}/process",
    provenance="client",
    status=202,
    refuses=("forbidden", "conflict", "unavailable"),
    is_body_optional=True,
)
def process_video(call: Call, caller: User, video_id: str, body: ProcessRequest) -> Processing:
    """Make other media of a video: another size, codec, quality or format, or another picture.

    It is made from the uploaded file. Once it is ready, the video shows it with a new address.
    """
    _, started = _process(call, caller, [video_id], body.options)
    return processing_of(call.world, started[0])


@endpoint(
    "POST",
    "/video/batch-process",
    provenance="client",
    status=202,
    refuses=("forbidden", "not_found", "conflict", "unavailable"),
)
def process_videos(call: Call, caller: User, body: BatchRequest) -> ProcessingBatch:
    """Process many videos with the same options: all of them, or none."""
    batch_id, started = _process(call, caller, list(dict.fromkeys(body.video_ids)), body.options)
    return {"jobId": batch_id, "videos": [processing_of(call.world, job) for job in started]}


@endpoint("GET", "/video/{video_id}/status", provenance="client")
def get_processing_status(call: Call, caller: User, video_id: str) -> Processing:
    """Read the progress of a video's last processing."""
    video = videos.find_for(call.world, video_id, caller)
    return processing(call.world, video)


def _process(
    call: Call, caller: User, video_ids: list[str], options: ProcessOptions
) -> tuple[str, list[Job]]:
    chosen = [videos.find_own(call.world, video_id, caller) for video_id in video_ids]
    plain = options.plain()
    if options.extract_thumbnail:
        plain["poster_ms"] = _poster_ms(chosen, options.thumbnail_timestamp or 0.0)
    return jobs.process(call.world, chosen, plain)


def _poster_ms(chosen: list[Video], seconds: float) -> int:
    at_ms = round(1000 * seconds)
    for video in chosen:
        if video.status == "ready" and at_ms > video.duration_ms:
            message = (
                f"This is outside of the video, which is {video.duration_ms / 1000:.3f} s long."
            )
            where = ("body", "options", "thumbnailTimestamp")
            raise Invalid([error_detail(where, "outside", message)])
    return at_ms


def _box(resolution: str) -> tuple[int, int] | None:
    match = _BOX.fullmatch(resolution.lower())
    if match is None:
        return None
    width, height = int(match[1]), int(match[2])
    is_fine = SIDE_MIN <= width <= SIDE_MAX and SIDE_MIN <= height <= SIDE_MAX
    return (width, height) if is_fine else None
