"""Chapters: the parts of a VOD, with a title each. No two of them overlap."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.library import (
    ChapterAdded,
    ChapterRemoved,
    ChaptersGenerated,
    ChapterUpdated,
)
from emulator.world.library.recordings import Vod
from emulator.world.store.rows import read_row
from emulator.world.world import World

CHAPTERS_MAX = 200
_COLUMNS = ("title", "description", "from_ms", "to_ms")


class Chapter(Struct, frozen=True):
    """One chapter, from `from_ms` to `to_ms` of its VOD.

    `confidence` (0 to 1) is set if it `is_generated`, else None.
    """

    pk: int
    id: str
    title: str
    description: str | None
    from_ms: int
    to_ms: int
    is_generated: bool
    confidence: float | None


class Draft(NamedTuple):
    """A chapter that is not stored yet."""

    title: str
    description: str | None
    from_ms: int
    to_ms: int
    confidence: float | None = None


def of(world: World, vod: Vod) -> list[Chapter]:
    """Return a VOD's chapters in their order."""
    rows = world.store.rows("SELECT * FROM chapters WHERE vod_row = ? ORDER BY from_ms", vod.pk)
    return [_chapter(row) for row in rows]


def find(world: World, vod: Vod, chapter_id: str) -> Chapter:
    """Return a chapter. Refuses (`not_found`) one that does not belong to this VOD."""
    row = world.store.row("SELECT * FROM chapters WHERE id = ? AND vod_row = ?", chapter_id, vod.pk)
    if row is None:
        raise Refused("not_found", "Chapter not found")
    return _chapter(row)


def add(world: World, vod: Vod, draft: Draft) -> Chapter:
    """Add a chapter.

    Refuses (`invalid`) one outside the VOD or overlapping another, (`conflict`) one too many.
    """
    existing = of(world, vod)
    if len(existing) >= CHAPTERS_MAX:
        raise Refused("conflict", f"A VOD has at most {CHAPTERS_MAX} chapters. Delete some.")
    _check_span(vod, existing, draft.from_ms, draft.to_ms)
    with world.change():
        chapter_id = _write(world, vod, draft)
        world.emit(ChapterAdded(at_ms=world.now_ms, vod_id=vod.id, chapter_id=chapter_id))
    return find(world, vod, chapter_id)


def update(world: World, vod: Vod, chapter: Chapter, patch: Mapping[str, Any]) -> Chapter:
    """Change parts of a chapter.

    Refuses (`invalid`) times outside the VOD or in another chapter.
    """
    others = [other for other in of(world, vod) if other.pk != chapter.pk]
    from_ms = patch.get("from_ms", chapter.from_ms)
    to_ms = patch.get("to_ms", chapter.to_ms)
    _check_span(vod, others, from_ms, to_ms)
    texts = [name for name in _COLUMNS if name in patch]
    with world.change():
        world.store.update("chapters", chapter.pk, **{name: patch[name] for name in texts})
        world.emit(
            ChapterUpdated(
                at_ms=world.now_ms, vod_id=vod.id, chapter_id=chapter.id, changed=tuple(texts)
            )
        )
    return find(world, vod, chapter.id)


def remove(world: World, vod: Vod, chapter: Chapter) -> None:
    with world.change():
        world.store.write("DELETE FROM chapters WHERE row = ?", chapter.pk)
        world.emit(ChapterRemoved(at_ms=world.now_ms, vod_id=vod.id, chapter_id=chapter.id))


def replace_generated(world: World, vod: Vod, drafts: Sequence[Draft]) -> list[Chapter]:
    """Replace the generated chapters by these. Chapters made by users stay as they are.

    Refuses (`invalid`) drafts that overlap each other or those chapters.
    """
    by_hand = [chapter for chapter in of(world, vod) if not chapter.is_generated]
    drafts = drafts[: CHAPTERS_MAX - len(by_hand)]
    taken: list[Chapter | Draft] = [*by_hand]
    for draft in drafts:
        _check_span(vod, taken, draft.from_ms, draft.to_ms)
        taken.append(draft)
    with world.change():
        world.store.write("DELETE FROM chapters WHERE vod_row = ? AND is_generated = 1", vod.pk)
        names = [_write(world, vod, draft, is_generated=True) for draft in drafts]
        world.emit(ChaptersGenerated(at_ms=world.now_ms, vod_id=vod.id, chapter_ids=tuple(names)))
    return [chapter for chapter in of(world, vod) if chapter.is_generated]


def _check_span(vod: Vod, others: Sequence[Chapter | Draft], from_ms: int, to_ms: int) -> None:
    if to_ms <= from_ms:
        raise Refused("invalid", "A chapter must end after it begins", field="end_time_seconds")
    if from_ms < 0 or to_ms > vod.duration_ms:
        message = f"This is outside of the video, which is {vod.duration_ms / 1000:.3f} s long"
        field = "start_time_seconds" if from_ms < 0 else "end_time_seconds"
        raise Refused("invalid", message, field=field)
    for other in others:
        if from_ms < other.to_ms and other.from_ms < to_ms:
            message = f"This overlaps the chapter “{other.title}”"
            raise Refused("invalid", message, field="start_time_seconds")


def _write(world: World, vod: Vod, draft: Draft, *, is_generated: bool = False) -> str:
    chapter_id = world.ids.uuid()
    world.store.insert(
        "chapters",
        id=chapter_id,
        vod_row=vod.pk,
        title=draft.title,
        description=draft.description,
        from_ms=draft.from_ms,
        to_ms=draft.to_ms,
        is_generated=is_generated,
        confidence=draft.confidence,
    )
    return chapter_id


_chapter = partial(read_row, Chapter)
