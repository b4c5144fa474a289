"""`/streams/analytics/channel`: all of one's streams together."""

import json
from collections.abc import Callable
from functools import partial
from typing import Literal, TypedDict

from pydantic import Field

from emulator.shapes import audience as shapes
from emulator.shapes.audience import (
    AudienceShape,
    BestTimes,
    CategoryFigures,
    ChannelShape,
    FollowerGrowth,
    TopStream,
    UserAnalytics,
    ViewerGrowth,
)
from emulator.web.api.audience import zones
from emulator.web.api.audience.analytics import ExportQuery, table
from emulator.web.api.audience.zones import Zone, day_starts, hour_of
from emulator.web.api.models import Request
from emulator.web.http.answers import Download
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.audience import channel
from emulator.world.audience.channel import Day
from emulator.world.people import accounts

_EXPORTED_DAYS = 365


class DaysQuery(Request):
    days: int = Field(30, ge=1, le=365)
    timezone: Zone = "UTC"


class TimesQuery(Request):
    timezone: Zone = "UTC"


class AudienceQuery(Request):
    days: int = Field(30, ge=1, le=365)


class TopQuery(Request):
    """`total_messages` is another name for `chat_messages`."""

    metric: Literal[
        "peak_viewers", "total_views", "duration", "chat_messages", "total_messages"
    ] = "peak_viewers"
    limit: int = Field(10, ge=1, le=100)


class RevenueSources(TypedDict):
    subscriptions: float
    donations: float
    ads: float


class Revenue(TypedDict):
    total_revenue: float
    this_month_revenue: float
    revenue_sources: RevenueSources
    note: str


class ChannelExport(TypedDict):
    channel: ChannelShape
    followers: FollowerGrowth
    viewers: ViewerGrowth
    audience: AudienceShape
    top_streams: list[TopStream]


def overview(call: Call) -> ChannelShape:
    """Read one's channel at a glance."""
    return shapes.channel_shape(call.user, channel.overview(call.world, call.user))


def growth(call: Call) -> FollowerGrowth:
    """Read how followers grew, day by day."""
    days, date_of = _days(call)
    return shapes.follower_growth(days, date_of)


def viewer_growth(call: Call) -> ViewerGrowth:
    """Read how many watched, day by day."""
    days, date_of = _days(call)
    return shapes.viewer_growth(days, date_of)


def audience(call: Call) -> AudienceShape:
    """Read who watches one's streams."""
    days = call.query_as(AudienceQuery).days
    return shapes.audience_shape(channel.audience(call.world, call.user, days))


def top_streams(call: Call) -> list[TopStream]:
    """List one's best streams by one figure."""
    query = call.query_as(TopQuery)
    metric = "chat_messages" if query.metric == "total_messages" else query.metric
    tops = channel.top(call.world, call.user, metric, query.limit)
    return [shapes.top_stream(call.world, top) for top in tops]


def best_times(call: Call) -> BestTimes:
    """Read at which weekdays and hours one's streams draw the most."""
    zone = call.query_as(TimesQuery).timezone
    return shapes.best_times(channel.best_times(call.world, call.user, hour_of(zone)), zone)


def categories(call: Call) -> list[CategoryFigures]:
    """List what one streams about."""
    category_shares = channel.categories(call.world, call.user)
    return [shapes.category_figures(category_share) for category_share in category_shares]


def revenue(_: Call) -> Revenue:
    """Read one's revenue: zeros and a note, as the platform itself answers."""
    return {
        "total_revenue": 0.0,
        "this_month_revenue": 0.0,
        "revenue_sources": {"subscriptions": 0.0, "donations": 0.0, "ads": 0.0},
        "note": "Revenue is not tracked yet.",
    }


def export(call: Call) -> ChannelExport | Download:
    """Download one's channel: all as JSON, or a year's days as CSV."""
    user = accounts.by_row(call.world, call.user.row)
    starts_ms = channel.utc_days(call.world.now_ms, _EXPORTED_DAYS)
    days, date_of = channel.days(call.world, user, starts_ms), partial(zones.date_of, "UTC")
    followers = shapes.follower_growth(days, date_of)
    viewers = shapes.viewer_growth(days, date_of)
    if call.query_as(ExportQuery).format == "csv":
        rows: list[tuple[object, ...]] = [
            (a["date"], a["new_followers"], a["total_followers"], b["total_views"])
            for a, b in zip(followers["timeline"], viewers["timeline"], strict=True)
        ]
        head = ("date", "new_followers", "total_followers", "total_views")
        return Download(table(head, rows), "text/csv", "channel-analytics.csv")
    whole: ChannelExport = {
        "channel": shapes.channel_shape(user, channel.overview(call.world, user)),
        "followers": followers,
        "viewers": viewers,
        "audience": shapes.audience_shape(channel.audience(call.world, user, _EXPORTED_DAYS)),
        "top_streams": [
            shapes.top_stream(call.world, top)
            for top in channel.top(call.world, user, "peak_viewers", 100)
        ],
    }
    return Download(json.dumps(whole, indent=1), "application/json", "channel-analytics.json")


def of_user(call: Call) -> UserAnalytics:
    """Read a channel's public figures."""
    user = accounts.by_username(call.world, call.path["username"])
    told = channel.overview(call.world, user)
    return shapes.user_analytics(user, told, channel.mean_viewers(call.world, user))


def _days(call: Call) -> tuple[list[Day], Callable[[int], str]]:
    """The days that are asked for, in their time zone, and what names them."""
    query = call.query_as(DaysQuery)
    starts_ms = day_starts(query.timezone, call.world.now_ms, query.days)
    return channel.days(call.world, call.user, starts_ms), partial(zones.date_of, query.timezone)


OPERATIONS = [
    *(
        Operation(
            method="GET",
            path=f"/streams/analytics/channel{path}",
            auth="user",
            answer=answer,
            query=query,
            provenance="guide",
        )
        for path, answer, query in (
            ("", overview, None),
            ("/growth", growth, DaysQuery),
            ("/viewer-growth", viewer_growth, DaysQuery),
            ("/audience", audience, AudienceQuery),
            ("/top-streams", top_streams, TopQuery),
            ("/best-times", best_times, TimesQuery),
            ("/categories", categories, None),
            ("/revenue", revenue, None),
        )
    ),
    Operation(
        method="GET",
        path="/streams/users/{username}/analytics",
        auth="public",
        answer=of_user,
        refuses=("not_found",),
        provenance="guide",
    ),
    Operation(
        method="GET",
        path="/streams/analytics/channel/export",
        auth="user",
        answer=export,
        query=ExportQuery,
        downloads=("text/csv",),
        provenance="client",
    ),
]
