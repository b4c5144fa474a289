"""Facts of a stream's audience as its owner sees it: `analytics.NAME.peak_concurrent_viewers`."""

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
            "number", "the most viewers at one time", _totals(lambda t: t.peak)
        ),
        "average_viewers": Fact(
            "number", "the number of viewers, averaged over time", _totals(lambda t: t.mean)
        ),
        "total_views": Fact("number", "how often a viewer joined", _totals(lambda t: t.views)),
        "unique_viewers": Fact(
            "number", "how many different viewers joined", _totals(lambda t: t.uniques)
        ),
        "watch_time": Fact(
            "duration", "the watch time of all viewers together", _totals(lambda t: t.watch_ms)
        ),
        "messages": Fact("number", "chat lines that were posted", _totals(lambda t: t.messages)),
        "chatters": Fact(
            "number", "how many users posted in the chat", _totals(lambda t: t.chatters)
        ),
        "peak_messages_per_minute": Fact(
            "number", "the most chat lines in one minute", _chat(lambda c: c.peak_per_minute)
        ),
        "new_followers": Fact(
            "number",
            "how many users began to follow its owner during the stream",
            _engagement(lambda e: e.new_followers),
        ),
        "bounce_rate": Fact(
            "share", "the share of views shorter than a minute", _engagement(lambda e: e.bounce)
        ),
        "clips": Fact("number", "clips made from the stream", _engagement(lambda e: e.clips)),
    },
)
NOUNS = {"analytics": ANALYTICS}
