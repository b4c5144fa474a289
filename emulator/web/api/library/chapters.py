"""`/streams/vods/{vod_id}/chapters`: the parts of a VOD, made by users or by a stand-in."""

from typing import Any

from pydantic import Field

from emulator.shapes.library.chapters import ChapterShape, chapter_shape
from emulator.web.api.library.places import Seconds, placed
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.library import chapters, recordings
from emulator.world.library.chapters import Draft
from emulator.world.people.accounts import User


class ChapterCreate(Request):
    title: str = Field(min_length=1, max_length=200)
    description: str | None = Field(None, max_length=5000)
    start_time_seconds: Seconds
    end_time_seconds: Seconds


class ChapterUpdate(Request):
    """Any part of CHAPTER_CREATE. A null removes a description, and has no effect elsewhere."""

    title: str | None = Field(None, min_length=1, max_length=200)
    description: str | None = Field(None, max_length=5000)
    start_time_seconds: Seconds | None = None
    end_time_seconds: Seconds | None = None

    def patch(self) -> dict[str, Any]:
        """Return the body as the world's values."""
        payload: dict[str, Any] = {}
        for name, value in self.model_dump(exclude_unset=True).items():
            if name == "description" or (name == "title" and value is not None):
                payload[name] = value
            elif value is not None:
                payload["from_ms" if name == "start_time_seconds" else "to_ms"] = round(
                    value * 1000
                )
        return payload


@endpoint("GET", "/streams/vods/{vod_id}/chapters", provenance="guide")
def list_chapters(call: Call, caller: User | None, vod_id: str) -> list[ChapterShape]:
    """List a VOD's chapters in their order."""
    vod = recordings.find_for(call.world, vod_id, caller)
    return [chapter_shape(call.addresses, vod, chapter) for chapter in chapters.of(call.world, vod)]


@endpoint(
    "POST",
    "/streams/vods/{vod_id}/chapters",
    provenance="guide",
    status=201,
    refuses=("forbidden", "conflict", "invalid"),
)
def create_chapter(call: Call, caller: User, vod_id: str, body: ChapterCreate) -> ChapterShape:
    """Add a chapter. It must be inside the video, and must not overlap another."""
    vod = recordings.find_own(call.world, vod_id, caller)
    draft = Draft(
        body.title,
        body.description,
        round(body.start_time_seconds * 1000),
        round(body.end_time_seconds * 1000),
    )
    with placed():
        added = chapters.add(call.world, vod, draft)
    return chapter_shape(call.addresses, vod, added)


@endpoint("PUT", "/streams/vods/{vod_id}/chapters/{chapter_id}", refuses=("forbidden", "invalid"))
def update_chapter(
    call: Call, caller: User, vod_id: str, chapter_id: str, body: ChapterUpdate
) -> ChapterShape:
    """Change a chapter. It must be inside the video, and must not overlap another."""
    vod = recordings.find_own(call.world, vod_id, caller)
    chapter = chapters.find(call.world, vod, chapter_id)
    with placed():
        changed = chapters.update(call.world, vod, chapter, body.patch())
    return chapter_shape(call.addresses, vod, changed)


@endpoint("DELETE", "/streams/vods/{vod_id}/chapters/{chapter_id}", refuses=("forbidden",))
def delete_chapter(call: Call, caller: User, vod_id: str, chapter_id: str) -> None:
    """Delete a chapter; the video stays as it is."""
    vod = recordings.find_own(call.world, vod_id, caller)
    chapters.remove(call.world, vod, chapters.find(call.world, vod, chapter_id))
