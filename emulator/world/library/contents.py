"""Contents: texts about a stream: a blog draft, code snippets, chapters, a summary.

A stand-in for the platform's AI writes them (`writing.py`); here they are stored.
"""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import asdict

from emulator.core.events.library import ContentWritten
from emulator.world.library import writing
from emulator.world.library.writing import Block, PostSection, Snippet
from emulator.world.live.streams import Stream
from emulator.world.world import World

What = Literal["blog", "snippets", "chapters"]


class Content(Struct, frozen=True):
    """The texts so far; `blog` is empty and `summary` None until a blog is requested."""

    id: str
    blog: tuple[Block, ...]
    snippets: tuple[Snippet, ...]
    chapters: tuple[PostSection, ...]
    summary: str | None
    generated_at_ms: int | None


def of(world: World, stream: Stream) -> Content:
    """Return the texts about a stream; the first call creates an empty set."""
    row = world.store.row("SELECT * FROM contents WHERE stream_row = ?", stream.pk)
    if row is None:
        content_id = world.ids.uuid()
        world.store.note(partial(_begin, world, content_id, stream.pk), is_seen=False)
        return Content(content_id, (), (), (), None, None)
    return Content(
        id=row["id"],
        blog=tuple(Block(*load) for load in json.loads(row["blog"])),
        snippets=tuple(Snippet(**load) for load in json.loads(row["snippets"])),
        chapters=tuple(PostSection(**load) for load in json.loads(row["chapters"])),
        summary=row["summary"],
        generated_at_ms=row["generated_at_ms"],
    )


def _begin(world: World, content_id: str, stream_pk: int) -> None:
    world.store.insert("contents", id=content_id, stream_row=stream_pk)


def write_blog(world: World, stream: Stream) -> Content:
    """Write a blog draft and a summary of the stream."""
    blog = writing.blog(world, stream)
    with world.change():
        _keep(world, stream, "blog", [list(block) for block in blog])
        world.store.write(
            "UPDATE contents SET summary = ? WHERE stream_row = ?",
            writing.summary(world, stream),
            stream.pk,
        )
    return of(world, stream)


def write_snippets(world: World, stream: Stream) -> Content:
    """Collect the code snippets that were shown."""
    _keep(world, stream, "snippets", _plain(writing.snippets(world, stream)))
    return of(world, stream)


def write_chapters(world: World, stream: Stream) -> Content:
    """Describe the stream in parts."""
    _keep(world, stream, "chapters", _plain(writing.parts(world, stream)))
    return of(world, stream)


def _plain(items: Sequence[Snippet | PostSection]) -> list[dict[str, Any]]:
    return [asdict(item) for item in items]


def _keep(world: World, stream: Stream, what: What, value: list[Any]) -> None:
    with world.change():
        of(world, stream)
        # Column names come from this file, never from a request.
        world.store.write(
            f"UPDATE contents SET {what} = ?, generated_at_ms = ? WHERE stream_row = ?",
            json.dumps(value, ensure_ascii=False),
            world.now_ms,
            stream.pk,
        )
        world.emit(ContentWritten(at_ms=world.now_ms, stream_id=stream.id, part=what))
