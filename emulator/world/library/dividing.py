"""Dividing: where the chapters of a VOD begin. A stand-in for the platform's AI, and it says so.

It is given what the picture and the sound show (`hints`), and asks the chat. Every formula stands
here, and none asks a model: the same facts give the same chapters.
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
# A busy minute has at least so many lines, and twice as many as usual.
_BUSY_MIN = 3
_BINS = 100
_BIN_MIN_MS = 5_000
# Where nothing says otherwise, a video is divided evenly into so many parts.
_EVEN_PARTS = 4
_EVEN_CONFIDENCE = 0.3
_START_CONFIDENCE = 0.5


class Hint(NamedTuple):
    """A chapter may begin here, because of `why`; `strength` is from 0 to 1."""

    at_ms: int
    strength: float
    why: str


class ChapterOptions(NamedTuple):
    """`length_min_ms` of a chapter, and how many there are at most."""

    length_min_ms: int
    count_max: int
    is_chat_used: bool


def drafts(
    world: World, vod: Vod, hints: Sequence[Hint], lines: Sequence[Line], patch: ChapterOptions
) -> list[Draft]:
    """Chapters for all of a VOD that people have not divided themselves, in their order."""
    cuts = list(hints)
    said = lines if patch.is_chat_used else []
    cuts += busy(said, vod.duration_ms)
    by_hand = [chapter for chapter in chapters.of(world, vod) if not chapter.is_generated]
    collected: list[Draft] = []
    for begins, ends in _free(vod.duration_ms, by_hand):
        left = patch.count_max - len(collected)
        if left > 0:
            collected += divided(begins, ends, cuts, said, patch._replace(count_max=left))
    return collected


def busy(lines: Sequence[Line], duration_ms: int) -> list[Hint]:
    """Where chat is busiest: more than before and after, and twice as much as usual."""
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
    """The stretches that no chapter covers."""
    edges = [0]
    for chapter in by_hand:
        edges += [chapter.from_ms, chapter.to_ms]
    edges.append(duration_ms)
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def divided(
    begins: int, ends: int, hints: Sequence[Hint], said: Sequence[Line], patch: ChapterOptions
) -> list[Draft]:
    """Chapters for one stretch: by its hints, or else evenly."""
    if begins >= ends:
        return []
    first = Hint(begins, _START_CONFIDENCE, "it begins here")
    starts = [first, *_chosen(begins, ends, hints, patch)]
    if len(starts) == 1:
        starts += _even(begins, ends, patch)
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


def _chosen(begins: int, ends: int, hints: Sequence[Hint], patch: ChapterOptions) -> list[Hint]:
    """The strongest, as long as every chapter is long enough, in the order of time."""
    chosen: list[Hint] = []
    for hint in sorted(hints, key=lambda hint: (-hint.strength, hint.at_ms)):
        edges = [begins, ends, *(other.at_ms for other in chosen)]
        is_far = all(abs(hint.at_ms - edge) >= patch.length_min_ms for edge in edges)
        if begins < hint.at_ms < ends and is_far and len(chosen) < patch.count_max - 1:
            chosen.append(hint)
    return sorted(chosen)


def _even(begins: int, ends: int, patch: ChapterOptions) -> list[Hint]:
    parts = min(_EVEN_PARTS, patch.count_max, (ends - begins) // patch.length_min_ms)
    return [
        Hint(
            begins + (ends - begins) * number // parts,
            _EVEN_CONFIDENCE,
            "nothing else divides the video, so its parts are even",
        )
        for number in range(1, parts)
    ]


def _title(number: int, said: Sequence[Line], from_ms: int, to_ms: int) -> str:
    """A chapter is called after the longest line that was said in it, of equal ones the first."""
    heard = [line.text for line in said if from_ms <= line.from_ms < to_ms]
    longest = " ".join(max(heard, key=len, default="").split())
    if not longest:
        return f"Part {number}"
    cut = longest[:_QUOTE_LENGTH_MAX]
    return f"Part {number}: “{cut}{'…' if cut != longest else ''}”"
