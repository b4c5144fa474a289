"""`/streams/vods/{vod_id}/chapters/generate`: chapters found by a stand-in."""

from contextlib import suppress

from pydantic import Field

from emulator.core.errors import Refused
from emulator.shapes.library.chapters import ChapterShape, chapter_shape
from emulator.web.api.models import Request, Whole
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.library import chapters, dividing, recordings, transcripts
from emulator.world.library.dividing import ChapterOptions, Hint
from emulator.world.library.recordings import Vod
from emulator.world.live import streams
from emulator.world.people.accounts import User

_WHY = {"scene": "the picture changes here", "pause": "a pause ends here"}


class ChapterRequest(Request):
    """`min_chapter_duration` is in seconds. The body takes precedence over the query."""

    use_chat_data: bool = True
    min_chapter_duration: float = Field(60, ge=1, le=86_400, allow_inf_nan=False)
    max_chapters: Whole = Field(10, ge=1, le=chapters.CHAPTERS_MAX)


@endpoint(
    "POST",
    "/streams/vods/{vod_id}/chapters/generate",
    provenance="guide",
    refuses=("forbidden", "conflict"),
    is_body_optional=True,
)
async def generate_chapters(
    call: Call, caller: User, vod_id: str, body: ChapterRequest, query: ChapterRequest
) -> list[ChapterShape]:
    """Generate a VOD's chapters: where its picture changes, a pause ends, or its chat is busy.

    A deterministic stand-in for the platform's AI; each chapter says so. Earlier generated chapters
    are replaced. Chapters made by users stay, and the parts between them are divided.
    """
    vod = _ready(call, caller, vod_id)
    hints = await _hints(call, vod)
    # The VOD may have changed while its media was examined.
    vod = _ready(call, caller, vod_id)
    stream = streams.find(call.world, vod.stream_id) if vod.stream_id else None
    lines = transcripts.said(call.world, stream) if stream else []
    values = query.model_dump(exclude_unset=True)
    values |= body.model_dump(exclude_unset=True)
    options = ChapterRequest(**values)
    chapter_options = ChapterOptions(
        round(options.min_chapter_duration * 1000),
        options.max_chapters,
        options.use_chat_data,
    )
    drafts = dividing.drafts(call.world, vod, hints, lines, chapter_options)
    created = chapters.replace_generated(call.world, vod, drafts)
    return [chapter_shape(call.addresses, vod, chapter) for chapter in created]


def _ready(call: Call, caller: User, vod_id: str) -> Vod:
    vod = recordings.find_own(call.world, vod_id, caller)
    if vod.status != "ready":
        raise Refused("conflict", f"VOD is {vod.status}. Only a ready one can be divided.")
    return vod


async def _hints(call: Call, vod: Vod) -> list[Hint]:
    if vod.loop is not None:  # The built-in picture has one scene and no pause.
        return []
    hints: list[Hint] = []
    with suppress(Refused):  # Media that cannot be read any more gives no hints.
        for moment in await call.platform.recordings.moments(vod.media_uid):
            hints.append(Hint(moment.at_ms, moment.strength, _WHY[moment.kind]))
    return hints
