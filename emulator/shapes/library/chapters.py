"""CHAPTER (contract, schemas)."""

from typing import TypedDict

from emulator.shapes.addresses import Addresses
from emulator.world.library.chapters import Chapter
from emulator.world.library.recordings import Vod


class ChapterShape(TypedDict):
    id: str
    vod_id: str
    title: str
    description: str | None
    start_time_seconds: float
    end_time_seconds: float
    thumbnail_url: str | None
    is_ai_generated: bool
    confidence_score: float | None


def chapter_shape(addresses: Addresses, vod: Vod, chapter: Chapter) -> ChapterShape:
    pictures = f"{addresses.media}/{vod.shown_uid}/thumbnails/thumbnail.jpg"
    start = chapter.from_ms / 1000
    return {
        "id": chapter.id,
        "vod_id": vod.id,
        "title": chapter.title,
        "description": chapter.description,
        "start_time_seconds": start,
        "end_time_seconds": chapter.to_ms / 1000,
        "thumbnail_url": f"{pictures}?time={start:g}s" if vod.status == "ready" else None,
        "is_ai_generated": chapter.is_generated,
        "confidence_score": chapter.confidence,
    }
