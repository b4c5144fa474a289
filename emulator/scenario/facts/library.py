"""Facts of recordings: `vod.NAME.status`, where the name is a VOD's or its stream's."""

from collections.abc import Callable
from typing import Any

from emulator.scenario.engine.run import Run, find_vod
from emulator.scenario.facts.fact import Fact, Noun
from emulator.world.library.recordings import Vod


def _of(read: Callable[[Vod], Any]) -> Callable[[Run, str], Any]:
    return lambda run, name: read(find_vod(run, name))


VOD = Noun(
    "vod",
    {
        "status": Fact(
            "text",
            "processing, ready or failed",
            _of(lambda v: v.status),
            ("processing", "ready", "failed"),
        ),
        "duration": Fact("duration", "its length", _of(lambda v: v.duration_ms)),
        "views": Fact("number", "how often it was viewed", _of(lambda v: v.view_count)),
        "title": Fact("text", "its title", _of(lambda v: v.title)),
        "failure": Fact("text", "why the VOD failed", _of(lambda v: v.failure)),
    },
)
NOUNS = {"vod": VOD}
