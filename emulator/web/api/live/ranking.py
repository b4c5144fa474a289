"""`/streams/trending`, `/rising`, `/recommended`: which live streams to look at first."""

from typing import TypedDict

from pydantic import Field

from emulator.shapes.live import StreamView, stream_views
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.discovery import ranking

_MONTH_HOURS = 31 * 24


class RankingQuery(Request):
    limit: int = Field(20, ge=1, le=100)


class TrendingQuery(RankingQuery):
    time_window_hours: int = Field(24, ge=1, le=_MONTH_HOURS)


class Recommended(TypedDict):
    """`total` is how many there are, over the limit too."""

    streams: list[StreamView]
    total: int


class Rising(Recommended):
    limit: int


class Trending(Rising):
    time_window_hours: int


def trending(call: Call) -> Trending:
    """List the most watched streams of those that went live in the window."""
    query = call.query_as(TrendingQuery)
    streams, total = ranking.trending(call.world, hours=query.time_window_hours, count=query.limit)
    return {
        "streams": stream_views(call.world, call.addresses, streams, call.caller),
        "total": total,
        "limit": query.limit,
        "time_window_hours": query.time_window_hours,
    }


def rising(call: Call) -> Rising:
    """List live streams by how many viewers they won in the last half hour."""
    query = call.query_as(RankingQuery)
    streams, total = ranking.rising(call.world, count=query.limit)
    return {
        "streams": stream_views(call.world, call.addresses, streams, call.caller),
        "total": total,
        "limit": query.limit,
    }


def recommended(call: Call) -> Recommended:
    """List live streams for the caller: of whom they follow, then what has most in common."""
    query = call.query_as(RankingQuery)
    streams, total = ranking.recommended(call.world, call.user, count=query.limit)
    return {
        "streams": stream_views(call.world, call.addresses, streams, call.caller),
        "total": total,
    }


OPERATIONS = [
    Operation(
        method="GET",
        path="/streams/trending",
        auth="optional",
        answer=trending,
        query=TrendingQuery,
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="GET",
        path="/streams/rising",
        auth="optional",
        answer=rising,
        query=RankingQuery,
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="GET",
        path="/streams/recommended",
        auth="user",
        answer=recommended,
        query=RankingQuery,
        provenance="guide",
        is_reusable=True,
    ),
]
