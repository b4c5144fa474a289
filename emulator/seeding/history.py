"""History: makes the past of a fresh world with the world's own verbs.

The seed's streams are created, watched, chatted in and ended in the order of their times, while the
clock runs through those hours. So all their figures come from recorded facts.
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

# In how many steps a stream's audience grows to its peak, and changes afterwards.
_STEPS = 10
_PEAK_SHARE = 0.7
# The format of a simulated stream's built-in film (media/recording/simulated/film).
_QUALITIES = (Quality("360p", 640, 360, 500_000),)
# The confidence of the chapters of a seed's recordings, as the platform's generator gives it.
_CONFIDENCE = 0.9


class Act(Struct, frozen=True):
    """One act. `at_ms` counts from the world's opening and is not positive. `order` breaks ties."""

    at_ms: int
    order: int
    do: Callable[[World], None]


def length_ms(entries: Sequence[Entry]) -> int:
    """The time from the history's beginning to the world's opening."""
    return max((duration_ms(entry["began"]) for entry in entries), default=0)


def tell(world: World, clock: ManualClock, entries: Sequence[Entry]) -> None:
    """Make the whole history, up to the opening. The clock must stand at its beginning.

    Refuses what the verbs refuse, with the stream's title before the message.
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
        """Let the audience grow to the peak, and change from there to its last figure."""
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
        """Post the lines at equal distances over the whole time."""
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
        """Make each clip as soon as the time that it shows is over."""
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
        """Give the recording its chapters, each up to the start of the next one."""
        entries = self._entry.get("chapters", [])
        starts_ms = [duration_ms(entry["at"]) for entry in entries]
        ends_ms = [*starts_ms[1:], vod.duration_ms]
        drafts = [
            Draft(entry["title"], None, from_ms, to_ms, _CONFIDENCE)
            for entry, from_ms, to_ms in zip(entries, starts_ms, ends_ms, strict=False)
        ]
        chapters.replace_generated(world, vod, drafts)
