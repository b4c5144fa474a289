"""Annotations: texts shown next to a video from one position to another (showcases)."""

import json
from typing import Any, Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.video import AnnotationAdded, AnnotationRemoved
from emulator.world.store.journal import Row
from emulator.world.store.rows import read_row
from emulator.world.video.videos import Video
from emulator.world.world import World

Kind = Literal["feature", "tech", "code", "highlight"]
COUNT_MAX = 1000


class AnnotationText(Struct, frozen=True, kw_only=True):
    """The content of an annotation.

    `place` is its position on the picture, in the client's own form.
    """

    from_ms: int
    length_ms: int
    title: str
    description: str
    kind: Kind
    place: Any = None
    code_snippet: str | None = None
    language: str | None = None


class Annotation(Struct, frozen=True):
    """One annotation of a video."""

    id: str
    note: AnnotationText


def of(world: World, video: Video) -> list[Annotation]:
    """Return a video's annotations, by position."""
    rows = world.store.rows(
        "SELECT * FROM annotations WHERE video_row = ? ORDER BY from_ms, row", video.pk
    )
    return [_annotation(row) for row in rows]


def add(world: World, video: Video, note: AnnotationText) -> Annotation:
    """Annotate a video.

    Refuses (`invalid`) times outside of the video, (`conflict`) a video that is not ready, and more
    than `COUNT_MAX` annotations.
    """
    if video.status != "ready":
        raise Refused("conflict", f"Video is {video.status}: it has no length yet")
    if note.from_ms + note.length_ms > video.duration_ms:
        raise Refused(
            "invalid",
            f"This is outside of the video, which is {video.duration_ms / 1000:.3f} s long.",
        )
    count = world.store.number("SELECT count(*) FROM annotations WHERE video_row = ?", video.pk)
    if count >= COUNT_MAX:
        raise Refused("conflict", f"A video has at most {COUNT_MAX} annotations")
    annotation_id = world.ids.uuid()
    with world.change():
        world.store.insert(
            "annotations",
            id=annotation_id,
            video_row=video.pk,
            from_ms=note.from_ms,
            length_ms=note.length_ms,
            title=note.title,
            description=note.description,
            kind=note.kind,
            place=json.dumps(note.place),
            code_snippet=note.code_snippet,
            language=note.language,
        )
        world.emit(
            AnnotationAdded(at_ms=world.now_ms, video_id=video.id, annotation_id=annotation_id)
        )
    return Annotation(annotation_id, note)


def remove(world: World, video: Video, annotation_id: str) -> None:
    """Delete an annotation. Refuses (`not_found`) one that does not belong to this video."""
    row = world.store.row(
        "SELECT row FROM annotations WHERE id = ? AND video_row = ?", annotation_id, video.pk
    )
    if row is None:
        raise Refused("not_found", "Annotation not found")
    with world.change():
        world.store.write("DELETE FROM annotations WHERE row = ?", row["row"])
        world.emit(
            AnnotationRemoved(at_ms=world.now_ms, video_id=video.id, annotation_id=annotation_id)
        )


def _annotation(row: Row) -> Annotation:
    note = read_row(AnnotationText, row, place=json.loads(row["place"]))
    return Annotation(row["id"], note)
