"""`/streams/trending`, `/rising`, `/recommended`: live streams by rank."""

from typing import TypedDict

from pydantic import Field

from emulator.shapes.live import StreamView, stream_views
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.discovery import ranking
from emulator.world.people.accounts import User

_MONTH_HOURS = 31 * 24


class RankingQuery(Request):
    limit: int = Field(20, ge=1, le=100)


class TrendingQuery(RankingQuery):
    time_window_hours: int = Field(24, ge=1, le=_MONTH_HOURS)


class Recommended(TypedDict):
    """`total` is the number of streams without the limit."""

    streams: list[StreamView]
    total: int


class Rising(Recommended):
    limit: int


class Trending(Rising):
    time_window_hours: int


@endpoint("GET", "/streams/trending", provenance="guide")
def list_trending_streams(call: Call, caller: User | None, query: TrendingQuery) -> Trending:
    """List the most watched of the streams that went live in the time window."""
    streams, total = ranking.trending(call.world, hours=query.time_window_hours, count=query.limit)
    return {
        "streams": stream_views(call.world, call.addresses, streams, caller),
        "total": total,
        "limit": query.limit,
        "time_window_hours": query.time_window_hours,
    }


@endpoint("GET", "/streams/rising", provenance="guide")
def list_rising_streams(call: Call, caller: User | None, query: RankingQuery) -> Rising:
    """List live streams by their gain of viewers in the last half hour."""
    streams, total = ranking.rising(call.world, count=query.limit)
    return {
        "streams": stream_views(call.world, call.addresses, streams, caller),
        "total": total,
        "limit": query.limit,
    }


@endpoint("GET", "/streams/recommended", provenance="guide")
def list_recommended_streams(call: Call, caller: User, query: RankingQuery) -> Recommended:
    """List live streams for the caller: of followed users, then those with most in common."""
    streams, total = ranking.recommended(call.world, caller, count=query.limit)
    return {
        "streams": stream_views(call.world, call.addresses, streams, caller),
        "total": total,
    }
