"""Facts of streams: `stream.NAME.status` and the like."""

from collections.abc import Callable
from typing import Any, get_args

from emulator.scenario.engine.run import Run, find_stream
from emulator.scenario.facts.fact import Fact, Noun
from emulator.world.audience import figures
from emulator.world.live import synthetic
from emulator.world.live.moves import Status
from emulator.world.live.streams import Stream


def _of(read: Callable[[Run, Stream], Any]) -> Callable[[Run, str], Any]:
    return lambda run, name: read(run, find_stream(run, name))


def _has_publisher(run: Run, stream: Stream) -> bool:
    is_publishing = run.server.is_publishing
    if is_publishing is not None:
        return is_publishing(stream.id)
    return synthetic.is_publishing(run.world, stream)


STREAM = Noun(
    "stream",
    {
        "status": Fact(
            "text", "offline, live or ended", _of(lambda _, s: s.status), get_args(Status)
        ),
        "title": Fact("text", "its title", _of(lambda _, s: s.title)),
        "viewers": Fact(
            "number", "how many viewers it has now", _of(lambda e, s: e.world.viewers.count(s.id))
        ),
        "peak_viewers": Fact(
            "number", "the most viewers at one time", _of(lambda _, s: s.peak_viewer_count)
        ),
        "duration": Fact(
            "duration",
            "how long it has been live, or was",
            _of(lambda e, s: figures.duration_ms(e.world, s)),
        ),
        "has_media": Fact(
            "truth", "whether there is something to watch", _of(lambda _, s: s.has_media)
        ),
        "has_publisher": Fact("truth", "whether a publisher is connected", _of(_has_publisher)),
        "has_vod": Fact("truth", "whether it has a VOD", _of(lambda _, s: s.vod_id is not None)),
    },
)
NOUNS = {"stream": STREAM}
