"""`/videos/{video_id}/annotations`: texts shown next to a video (showcases)."""

from typing import Annotated, Literal

from pydantic import Field

from emulator.core.errors import Refused
from emulator.shapes.video import AnnotationShape, annotation_shape
from emulator.web.api.models import Request
from emulator.web.errors import Invalid, error_detail
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.people.accounts import User
from emulator.world.video import annotations, videos
from emulator.world.video.annotations import AnnotationText

SECONDS_MAX = 864_000
Coordinate = Annotated[float, Field(ge=-100_000, le=100_000, allow_inf_nan=False)]
Position = Annotated[dict[str, Coordinate], Field(max_length=10)]


class AnnotationCreate(Request):
    """`timestamp` and `duration` are in seconds. `position` is a table of numbers, or a word."""

    timestamp: float = Field(ge=0, le=SECONDS_MAX, allow_inf_nan=False)
    duration: float = Field(ge=0, le=SECONDS_MAX, allow_inf_nan=False)
    title: str = Field(min_length=1, max_length=200)
    description: str = Field("", max_length=5000)
    type: Literal["feature", "tech", "code", "highlight"]
    position: Position | Annotated[str, Field(max_length=100)] | None = None
    code_snippet: str | None = Field(None, max_length=20_000)
    language: str | None = Field(None, max_length=50)

    def note(self) -> AnnotationText:
        """Return the body as the world's values."""
        return AnnotationText(
            from_ms=round(1000 * self.timestamp),
            length_ms=round(1000 * self.duration),
            title=self.title,
            description=self.description,
            kind=self.type,
            place=self.position,
            code_snippet=self.code_snippet,
            language=self.language,
        )


@endpoint("GET", "/videos/{video_id}/annotations", provenance="documented")
def list_annotations(call: Call, caller: User | None, video_id: str) -> list[AnnotationShape]:
    """List a video's annotations, by time."""
    video = videos.find_for(call.world, video_id, caller)
    return [annotation_shape(video, annotation) for annotation in annotations.of(call.world, video)]


@endpoint(
    "POST",
    "/videos/{video_id}/annotations",
    provenance="documented",
    status=201,
    refuses=("forbidden", "conflict"),
)
def create_annotation(
    call: Call, caller: User, video_id: str, body: AnnotationCreate
) -> AnnotationShape:
    """Annotate a video, from `timestamp` on for `duration`."""
    video = videos.find_own(call.world, video_id, caller)
    try:
        added = annotations.add(call.world, video, body.note())
    except Refused as refused:
        if refused.code != "invalid":
            raise
        raise Invalid(
            [error_detail(("body", "timestamp"), "outside", refused.message)]
        ) from refused
    return annotation_shape(video, added)


@endpoint(
    "DELETE",
    "/videos/{video_id}/annotations/{annotation_id}",
    provenance="documented",
    refuses=("forbidden",),
)
def delete_annotation(call: Call, caller: User, video_id: str, annotation_id: str) -> None:
    """Delete an annotation."""
    video = videos.find_own(call.world, video_id, caller)
    annotations.remove(call.world, video, annotation_id)
