"""History: what has happened on a platform before it is opened, told by the platform's own verbs.

The seed's streams are created, watched, chatted in and ended in the order of their times, on a
clock that runs through those hours. So every figure of theirs follows from facts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from emulator.core import quantities
from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.quantities import duration_ms
from emulator.world.audience import attendance
from emulator.world.chat import messages
from emulator.world.library import chapters, clips, recordings
from emulator.world.library.chapters import Draft
from emulator.world.library.recordings import Quality, Vod
from emulator.world.live import categories, streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts
from emulator.world.world import World

Entry = Mapping[str, Any]

# The audience of a stream grows in so many steps to its peak, and then changes in as many.
_STEPS = 10
_PEAK_SHARE = 0.7
# What the built-in picture of a simulated stream is (media/recording/simulated/film).
_QUALITIES = (Quality("360p", 640, 360, 500_000),)
# How sure the chapters of a seed's recordings are, as the platform's own generator says it.
_CONFIDENCE = 0.9


class Act(Struct, frozen=True):
    """`at_ms` counts from the world's opening, and is not after it. `order` breaks ties."""

    at_ms: int
    order: int
    do: Callable[[World], None]


def length_ms(entries: Sequence[Entry]) -> int:
    """How long before the opening it begins."""
    return max((duration_ms(entry["began"]) for entry in entries), default=0)


def tell(world: World, clock: ManualClock, entries: Sequence[Entry]) -> None:
    """Let everything happen, up to the opening. The clock stands where it begins.

    Refuses what the verbs refuse, with the stream's title in front.
    """
    opening_ms = clock.now_ms() + length_ms(entries)
    acts = [act for entry in entries for act in _Telling(entry).acts()]
    with world.change():
        for act in sorted(acts, key=lambda act: (act.at_ms, act.order)):
            clock.advance(max(0, opening_ms + act.at_ms - clock.now_ms()))
            act.do(world)
    clock.advance(opening_ms - clock.now_ms())


class _Telling:
    """One stream of the history."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._began_ms = -duration_ms(entry["began"])
        self._is_live = "ran" not in entry
        self._ended_ms = 0 if self._is_live else self._began_ms + duration_ms(entry["ran"])
        self._stream_id = ""
        if self._ended_ms > 0:
            raise Refused("invalid", f"{entry['title']}: it ran for longer than ago it began.")

    def acts(self) -> Iterator[Act]:
        yield Act(self._began_ms, 0, self._begin)
        yield from self._audience()
        yield from self._chat()
        yield from self._clips()
        if not self._is_live:
            yield Act(self._ended_ms, 9, self._end)

    def _begin(self, world: World) -> None:
        owner = accounts.by_username(world, self._entry["owner"])
        values = {
            name: self._entry[name]
            for name in ("title", "description", "tags")
            if name in self._entry
        }
        if "category" in self._entry:
            values["category_id"] = categories.by_slug(world, self._entry["category"]).id
        stream = streams.create(world, owner, StreamPatch(values))
        streams.simulate(world, stream)
        self._stream_id = stream.id

    def _audience(self) -> Iterator[Act]:
        """Growing to the peak, and from there to what it is now or was at the end."""
        peak = self._entry["peak"]
        last = min(peak, self._entry.get("viewers", peak // 3))
        length_ms = self._ended_ms - self._began_ms
        for step in range(1, 2 * _STEPS + 1):
            if step <= _STEPS:
                # Slow, fast, slow: x²(3 - 2x) from 0 to 1.
                x = step / _STEPS
                count = round(peak * x * x * (3 - 2 * x))
                at_ms = self._began_ms + round(length_ms * _PEAK_SHARE * x)
            else:
                x = (step - _STEPS) / _STEPS
                count = round(peak + (last - peak) * x)
                share = _PEAK_SHARE + (1 - _PEAK_SHARE) * x
                at_ms = self._began_ms + round(length_ms * share * 0.999)
            yield Act(at_ms, 1, self._watch(count))

    def _watch(self, count: int) -> Callable[[World], None]:
        countries = {
            code: quantities.share(share)
            for code, share in self._entry.get("countries", {}).items()
        }
        signed_in = quantities.share(self._entry.get("signed_in", "0%"))

        def watch(world: World) -> None:
            stream = streams.find(world, self._stream_id)
            attendance.simulate(
                world, stream, count, countries=countries, signed_in_share=signed_in
            )

        return watch

    def _chat(self) -> Iterator[Act]:
        """The lines at even distances over the whole time."""
        lines = self._entry.get("chat", [])
        length_ms = self._ended_ms - self._began_ms
        for number, line in enumerate(lines, 1):
            at_ms = self._began_ms + length_ms * number // (len(lines) + 1)
            yield Act(at_ms, 2, self._say(line))

    def _say(self, line: Entry) -> Callable[[World], None]:
        def say(world: World) -> None:
            author = accounts.by_username(world, line["by"])
            messages.post(world, self._stream_id, author, line["says"])

        return say

    def _clips(self) -> Iterator[Act]:
        """Each is made as soon as what it shows is over."""
        for clip in self._entry.get("clips", []):
            from_ms = duration_ms(clip["at"])
            span_ms = (from_ms, from_ms + duration_ms(clip["for"]))
            yield Act(self._began_ms + span_ms[1], 3, self._clip(clip, span_ms))

    def _clip(self, clip: Entry, span_ms: tuple[int, int]) -> Callable[[World], None]:
        def make(world: World) -> None:
            stream = streams.find(world, self._stream_id)
            maker = accounts.by_username(world, clip["by"])
            clips.simulate(world, stream, maker, clip["title"], span_ms, clip.get("views", 0))

        return make

    def _end(self, world: World) -> None:
        stream = streams.end(world, streams.find(world, self._stream_id))
        if stream.vod_id is not None:
            length_ms = self._ended_ms - self._began_ms
            recordings.mark_ready(world, stream.vod_id, length_ms, _QUALITIES)
            self._divide(world, recordings.find(world, stream.vod_id))

    def _divide(self, world: World, vod: Vod) -> None:
        """Give the recording its chapters: each goes on to the next one's start."""
        entries = self._entry.get("chapters", [])
        starts_ms = [duration_ms(entry["at"]) for entry in entries]
        ends_ms = [*starts_ms[1:], vod.duration_ms]
        drafts = [
            Draft(entry["title"], None, from_ms, to_ms, _CONFIDENCE)
            for entry, from_ms, to_ms in zip(entries, starts_ms, ends_ms, strict=False)
        ]
        chapters.replace_generated(world, vod, drafts)
