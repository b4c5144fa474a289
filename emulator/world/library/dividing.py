"""Dividing: where the chapters of a VOD begin. A stand-in for the platform's AI, marked as such.

It uses the hints from picture and sound (`hints`) and the chat. All formulas are in this file and
no model is used: the same data give the same chapters.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from emulator.world.library import chapters
from emulator.world.library.chapters import Chapter, Draft
from emulator.world.library.recordings import Vod
from emulator.world.library.transcripts import Line
from emulator.world.world import World

STAND_IN = "Found by the emulator's stand-in for the platform's AI: {why}."
_QUOTE_LENGTH_MAX = 60
# A busy interval has at least this many lines, and twice as many as usual.
_BUSY_MIN = 3
_BINS = 100
_BIN_MIN_MS = 5_000
# Without any hint a video is divided evenly into this many parts.
_EVEN_PARTS = 4
_EVEN_CONFIDENCE = 0.3
_START_CONFIDENCE = 0.5


class Hint(NamedTuple):
    """A possible begin of a chapter, because of `why`; `strength` is 0 to 1."""

    at_ms: int
    strength: float
    why: str


class ChapterOptions(NamedTuple):
    """The shortest length of a chapter, and the most chapters."""

    length_min_ms: int
    count_max: int
    is_chat_used: bool


def drafts(
    world: World, vod: Vod, hints: Sequence[Hint], lines: Sequence[Line], options: ChapterOptions
) -> list[Draft]:
    """Return chapters, in order, for all parts of a VOD without chapters made by users."""
    cuts = list(hints)
    said = lines if options.is_chat_used else []
    cuts += busy(said, vod.duration_ms)
    by_hand = [chapter for chapter in chapters.of(world, vod) if not chapter.is_generated]
    collected: list[Draft] = []
    for begins, ends in _free(vod.duration_ms, by_hand):
        left = options.count_max - len(collected)
        if left > 0:
            collected += divided(begins, ends, cuts, said, options._replace(count_max=left))
    return collected


def busy(lines: Sequence[Line], duration_ms: int) -> list[Hint]:
    """Return where chat is busy: more lines than before and after, and twice as many as usual."""
    bin_ms = max(_BIN_MIN_MS, duration_ms // _BINS)
    counts = Counter(line.from_ms // bin_ms for line in lines)
    if not counts:
        return []
    usual = sum(counts.values()) / max(1, duration_ms / bin_ms)
    most = max(counts.values())
    return [
        Hint(number * bin_ms, round(0.9 * count / most, 3), "chat is busy here")
        for number, count in sorted(counts.items())
        if count >= max(_BUSY_MIN, 2 * usual)
        and count > counts[number - 1]
        and count >= counts[number + 1]
    ]


def _free(duration_ms: int, by_hand: Sequence[Chapter]) -> list[tuple[int, int]]:
    """Return the spans (ms) that no chapter covers."""
    edges = [0]
    for chapter in by_hand:
        edges += [chapter.from_ms, chapter.to_ms]
    edges.append(duration_ms)
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def divided(
    begins: int, ends: int, hints: Sequence[Hint], said: Sequence[Line], options: ChapterOptions
) -> list[Draft]:
    """Return chapters for one span: at its hints, or else of equal length."""
    if begins >= ends:
        return []
    first = Hint(begins, _START_CONFIDENCE, "it begins here")
    starts = [first, *_chosen(begins, ends, hints, options)]
    if len(starts) == 1:
        starts += _even(begins, ends, options)
    ends_ms = [*(start.at_ms for start in starts[1:]), ends]
    return [
        Draft(
            title=_title(number, said, start.at_ms, end_ms),
            description=STAND_IN.format(why=start.why),
            from_ms=start.at_ms,
            to_ms=end_ms,
            confidence=start.strength,
        )
        for number, (start, end_ms) in enumerate(zip(starts, ends_ms, strict=True), 1)
    ]


def _chosen(begins: int, ends: int, hints: Sequence[Hint], options: ChapterOptions) -> list[Hint]:
    """Return the strongest hints that leave every chapter long enough, in time order."""
    chosen: list[Hint] = []
    for hint in sorted(hints, key=lambda hint: (-hint.strength, hint.at_ms)):
        edges = [begins, ends, *(other.at_ms for other in chosen)]
        is_far = all(abs(hint.at_ms - edge) >= options.length_min_ms for edge in edges)
        if begins < hint.at_ms < ends and is_far and len(chosen) < options.count_max - 1:
            chosen.append(hint)
    return sorted(chosen)


def _even(begins: int, ends: int, options: ChapterOptions) -> list[Hint]:
    parts = min(_EVEN_PARTS, options.count_max, (ends - begins) // options.length_min_ms)
    return [
        Hint(
            begins + (ends - begins) * number // parts,
            _EVEN_CONFIDENCE,
            "nothing else divides the video, so its parts are even",
        )
        for number in range(1, parts)
    ]


def _title(number: int, said: Sequence[Line], from_ms: int, to_ms: int) -> str:
    """Name a chapter after its longest chat line, of equal ones the first."""
    heard = [line.text for line in said if from_ms <= line.from_ms < to_ms]
    longest = " ".join(max(heard, key=len, default="").split())
    if not longest:
        return f"Part {number}"
    cut = longest[:_QUOTE_LENGTH_MAX]
    return f"Part {number}: “{cut}{'…' if cut != longest else ''}”"
