"""`/streams/vods/{vod_id}/chapters`: the parts of a VOD, made by people or found by a stand-in."""

from typing import Any

from pydantic import Field

from emulator.shapes.library.chapters import ChapterShape, chapter_shape
from emulator.web.api.library.places import Seconds, placed
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.library import chapters, recordings
from emulator.world.library.chapters import Draft


class ChapterCreate(Request):
    title: str = Field(min_length=1, max_length=200)
    description: str | None = Field(None, max_length=5000)
    start_time_seconds: Seconds
    end_time_seconds: Seconds


class ChapterUpdate(Request):
    """Any part of CHAPTER_CREATE. A null takes a description away, and says nothing elsewhere."""

    title: str | None = Field(None, min_length=1, max_length=200)
    description: str | None = Field(None, max_length=5000)
    start_time_seconds: Seconds | None = None
    end_time_seconds: Seconds | None = None

    def patch(self) -> dict[str, Any]:
        """The same, in the world's words."""
        payload: dict[str, Any] = {}
        for name, value in self.model_dump(exclude_unset=True).items():
            if name == "description" or (name == "title" and value is not None):
                payload[name] = value
            elif value is not None:
                payload["from_ms" if name == "start_time_seconds" else "to_ms"] = round(
                    value * 1000
                )
        return payload


def listed(call: Call) -> list[ChapterShape]:
    """List a VOD's chapters in their order."""
    vod = recordings.find_for(call.world, call.path["vod_id"], call.caller)
    return [chapter_shape(call.addresses, vod, chapter) for chapter in chapters.of(call.world, vod)]


def add(call: Call) -> ChapterShape:
    """Add a chapter. It lies inside the video, and over no other chapter."""
    vod = recordings.find_own(call.world, call.path["vod_id"], call.user)
    wish = call.body_as(ChapterCreate)
    draft = Draft(
        wish.title,
        wish.description,
        round(wish.start_time_seconds * 1000),
        round(wish.end_time_seconds * 1000),
    )
    with placed():
        added = chapters.add(call.world, vod, draft)
    return chapter_shape(call.addresses, vod, added)


def update(call: Call) -> ChapterShape:
    """Change a chapter, under the same conditions."""
    vod = recordings.find_own(call.world, call.path["vod_id"], call.user)
    chapter = chapters.find(call.world, vod, call.path["chapter_id"])
    with placed():
        changed = chapters.update(call.world, vod, chapter, call.body_as(ChapterUpdate).patch())
    return chapter_shape(call.addresses, vod, changed)


def remove(call: Call) -> None:
    """Delete a chapter; the video stays as it is."""
    vod = recordings.find_own(call.world, call.path["vod_id"], call.user)
    chapters.remove(call.world, vod, chapters.find(call.world, vod, call.path["chapter_id"]))


OPERATIONS = [
    Operation(
        method="GET",
        path="/streams/vods/{vod_id}/chapters",
        auth="optional",
        answer=listed,
        refuses=("not_found",),
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="POST",
        path="/streams/vods/{vod_id}/chapters",
        auth="user",
        answer=add,
        body=ChapterCreate,
        status=201,
        refuses=("forbidden", "not_found", "conflict", "invalid"),
        provenance="guide",
    ),
    Operation(
        method="PUT",
        path="/streams/vods/{vod_id}/chapters/{chapter_id}",
        auth="user",
        answer=update,
        body=ChapterUpdate,
        refuses=("forbidden", "not_found", "invalid"),
        provenance="assumed",
    ),
    Operation(
        method="DELETE",
        path="/streams/vods/{vod_id}/chapters/{chapter_id}",
        auth="user",
        answer=remove,
        status=204,
        refuses=("forbidden", "not_found"),
        provenance="assumed",
    ),
]
