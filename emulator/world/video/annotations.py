"""Annotations: what a showcase says beside its picture, from one instant to another."""

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
    """What an annotation says. `place` is where on the picture, in whatever words a client has."""

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
    """A video's annotations, in the order of their instants."""
    rows = world.store.rows(
        "SELECT * FROM annotations WHERE video_row = ? ORDER BY from_ms, row", video.pk
    )
    return [_annotation(row) for row in rows]


def add(world: World, video: Video, note: AnnotationText) -> Annotation:
    """Annotate a video.

    Refuses (`invalid`) what lies outside it, (`conflict`) a video that is not ready and more than
    `COUNT_MAX` annotations.
    """
    if video.status != "ready":
        raise Refused("conflict", f"Video is {video.status}: it has no length yet")
    if note.from_ms + note.length_ms > video.duration_ms:
        raise Refused(
            "invalid", f"The video is {video.duration_ms / 1000:.3f} s long: this is outside it."
        )
    count = world.store.number("SELECT count(*) FROM annotations WHERE video_row = ?", video.pk)
    if count >= COUNT_MAX:
        raise Refused("conflict", f"A video has {COUNT_MAX} annotations at the most")
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
    """Refuses (`not_found`) an annotation that is not this video's."""
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
