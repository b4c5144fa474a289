"""Writing: texts about a stream by a stand-in for the platform's AI. Each text is marked as such.

Formulas put them together from the stream's data, and no model is used: the same data give the same
words.
"""

import re
from typing import NamedTuple

from msgspec import Struct

from emulator.world.library import chapters, dividing, recordings, transcripts
from emulator.world.library.chapters import Chapter, Draft
from emulator.world.library.transcripts import Line
from emulator.world.live import categories, tags
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.world import World

STAND_IN = (
    "Put together by the emulator's stand-in for the platform's AI: it retells facts,"
    " and no model wrote it."
)
SNIPPETS_MAX = 20
_QUOTES_MAX = 5
_CODE = re.compile(r"```([a-z+#]{0,20})\n?(.+?)```|`([^`\n]{2,500})`", re.DOTALL)
# The programming language of a tag or category, and how its comments begin.
_LANGUAGES = {
    "python": ("python", "#"),
    "fastapi": ("python", "#"),
    "rust": ("rust", "//"),
    "typescript": ("typescript", "//"),
    "react": ("tsx", "//"),
    "nextjs": ("tsx", "//"),
    "solidity": ("solidity", "//"),
    "kubernetes": ("yaml", "#"),
    "docker": ("dockerfile", "#"),
    "devops": ("shell", "#"),
    "postgresql": ("sql", "--"),
}
_NO_LANGUAGE = ("text", "#")
_PART_OPTIONS = dividing.ChapterOptions(length_min_ms=60_000, count_max=10, is_chat_used=True)


class Block(NamedTuple):
    """One paragraph. `kind`: title, heading, note, text, item, quote, or code with a language."""

    kind: str
    text: str


class Snippet(Struct, frozen=True):
    """Code that was shown `at_ms` after the stream's start."""

    code: str
    language: str
    explanation: str
    at_ms: int


class PostSection(Struct, frozen=True):
    title: str
    from_ms: int
    to_ms: int
    summary: str


def blog(world: World, stream: Stream) -> tuple[Block, ...]:
    """Write the draft of a blog post."""
    blocks = [Block("title", stream.title), Block("note", STAND_IN)]
    if stream.description:
        blocks.append(Block("text", stream.description))
    blocks.append(Block("text", _sentence(world, stream)))
    post_sections = parts(world, stream)
    if post_sections:
        blocks.append(Block("heading", "What happened"))
        blocks += [Block("item", f"{clock(part.from_ms)} {part.title}") for part in post_sections]
    said = transcripts.said(world, stream)[:_QUOTES_MAX]
    if said:
        blocks.append(Block("heading", "What was said"))
        blocks += [Block("quote", f"{line.text} ({line.speaker})") for line in said]
    return tuple(blocks)


def summary(world: World, stream: Stream) -> str:
    return f"{_sentence(world, stream)} {STAND_IN}"


def snippets(world: World, stream: Stream) -> list[Snippet]:
    """Return the code in backquotes from chat and description; without any, one comment line."""
    language, comment = _language(world, stream)
    sources = [Line(stream.description or "", 0, 0, None), *transcripts.said(world, stream)]
    ranked = [
        Snippet(
            code=(match[2] or match[3]).strip("\n"),
            language=match[1] or language,
            explanation=f"{_shown_by(line)} {STAND_IN}",
            at_ms=line.from_ms,
        )
        for line in sources
        for match in _CODE.finditer(line.text)
    ]
    if ranked:
        return ranked[:SNIPPETS_MAX]
    title = " ".join(stream.title.split())
    return [Snippet(f"{comment} {title}", language, f"No code was shown. {STAND_IN}", 0)]


def parts(world: World, stream: Stream) -> list[PostSection]:
    """Return the recording's chapters; without any, the stream divided by its chat."""
    lines = transcripts.said(world, stream)
    sections: list[Chapter] | list[Draft] = []
    if stream.vod_id is not None:
        vod = recordings.find(world, stream.vod_id)
        sections = chapters.of(world, vod) or dividing.drafts(world, vod, [], lines, _PART_OPTIONS)
    elif stream.started_at_ms is not None:
        length_ms = (stream.ended_at_ms or world.now_ms) - stream.started_at_ms
        sections = dividing.divided(
            0, length_ms, dividing.busy(lines, length_ms), lines, _PART_OPTIONS
        )
    return [
        PostSection(
            chapter.title,
            chapter.from_ms,
            chapter.to_ms,
            _about(lines, chapter.from_ms, chapter.to_ms),
        )
        for chapter in sections
    ]


def clock(at_ms: int) -> str:
    """Write a time as `1:02:03`, or `02:03` within the first hour."""
    minutes, seconds = divmod(at_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


def _about(lines: list[Line], from_ms: int, to_ms: int) -> str:
    count = sum(from_ms <= line.from_ms < to_ms for line in lines)
    return f"{count} {'line' if count == 1 else 'lines'} of chat in these minutes. {STAND_IN}"


def _shown_by(line: Line) -> str:
    if line.speaker is None:
        return "Shown in the description."
    return f"Shown by {line.speaker} at {clock(line.from_ms)}."


def _sentence(world: World, stream: Stream) -> str:
    """Write a sentence with the streamer, the title, the length and the peak of viewers."""
    owner = accounts.by_pk(world, stream.user_pk)
    name = owner.display_name or owner.username
    where = ""
    if stream.category_id is not None:
        where = f" in {categories.find(world, stream.category_id).name}"
    if stream.started_at_ms is None:
        return f"{name} has not streamed “{stream.title}”{where} yet."
    length_ms = (stream.ended_at_ms or world.now_ms) - stream.started_at_ms
    return (
        f"{name} streamed “{stream.title}”{where} for {clock(length_ms)};"
        f" at most {stream.peak_viewer_count} watched at once."
    )


def _language(world: World, stream: Stream) -> tuple[str, str]:
    names = [tag.name.lower() for tag in tags.of_stream(world, stream.pk)]
    if stream.category_id is not None:
        names.append(categories.find(world, stream.category_id).slug)
    return next((_LANGUAGES[name] for name in names if name in _LANGUAGES), _NO_LANGUAGE)
