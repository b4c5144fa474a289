"""Facts of audiences, as the owner reads them: `analytics.NAME.peak_concurrent_viewers`."""

from collections.abc import Callable
from typing import Any

from emulator.scenario.engine.run import Run, find_stream
from emulator.scenario.facts.fact import Fact, Noun
from emulator.world.audience import figures
from emulator.world.audience.figures import ChatFigures, Engagement, Totals


def _totals(read: Callable[[Totals], Any]) -> Callable[[Run, str], Any]:
    return lambda run, name: read(figures.totals(run.world, find_stream(run, name)))


def _chat(read: Callable[[ChatFigures], Any]) -> Callable[[Run, str], Any]:
    return lambda run, name: read(figures.chat(run.world, find_stream(run, name)))


def _engagement(read: Callable[[Engagement], Any]) -> Callable[[Run, str], Any]:
    return lambda run, name: read(figures.engagement(run.world, find_stream(run, name)))


ANALYTICS = Noun(
    "stream",
    {
        "peak_concurrent_viewers": Fact(
            "number", "the most that watched at once", _totals(lambda t: t.peak)
        ),
        "average_viewers": Fact(
            "number", "how many watched in the mean over time", _totals(lambda t: t.mean)
        ),
        "total_views": Fact("number", "how often somebody came", _totals(lambda t: t.views)),
        "unique_viewers": Fact("number", "how many came", _totals(lambda t: t.uniques)),
        "watch_time": Fact("duration", "summed over all viewers", _totals(lambda t: t.watch_ms)),
        "messages": Fact("number", "lines that were said", _totals(lambda t: t.messages)),
        "chatters": Fact("number", "how many said something", _totals(lambda t: t.chatters)),
        "peak_messages_per_minute": Fact(
            "number", "the most lines of one minute", _chat(lambda c: c.peak_per_minute)
        ),
        "new_followers": Fact(
            "number",
            "how many began to follow its owner meanwhile",
            _engagement(lambda e: e.new_followers),
        ),
        "bounce_rate": Fact(
            "share", "views of less than a minute", _engagement(lambda e: e.bounce)
        ),
        "clips": Fact("number", "clips that were made", _engagement(lambda e: e.clips)),
    },
)
NOUNS = {"analytics": ANALYTICS}
