"""`/streams/analytics/channel`: the figures of all streams of the caller together."""

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
from emulator.web.http.endpoint import endpoint
from emulator.world.audience import channel
from emulator.world.audience.channel import Day
from emulator.world.people import accounts
from emulator.world.people.accounts import User

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


@endpoint("GET", "/streams/analytics/channel", provenance="guide")
def get_channel_analytics(call: Call, caller: User) -> ChannelShape:
    """Read the totals of the caller's channel."""
    return shapes.channel_shape(caller, channel.overview(call.world, caller))


@endpoint("GET", "/streams/analytics/channel/growth", provenance="guide")
def get_follower_growth(call: Call, caller: User, query: DaysQuery) -> FollowerGrowth:
    """Read the growth of followers by day."""
    days, date_of = _days(call, caller, query)
    return shapes.follower_growth(days, date_of)


@endpoint("GET", "/streams/analytics/channel/viewer-growth", provenance="guide")
def get_viewer_growth(call: Call, caller: User, query: DaysQuery) -> ViewerGrowth:
    """Read the growth of viewers by day."""
    days, date_of = _days(call, caller, query)
    return shapes.viewer_growth(days, date_of)


@endpoint("GET", "/streams/analytics/channel/audience", provenance="guide")
def get_audience(call: Call, caller: User, query: AudienceQuery) -> AudienceShape:
    """Read figures of the viewers of the caller's streams."""
    days = query.days
    return shapes.audience_shape(channel.audience(call.world, caller, days))


@endpoint("GET", "/streams/analytics/channel/top-streams", provenance="guide")
def list_top_streams(call: Call, caller: User, query: TopQuery) -> list[TopStream]:
    """List the caller's best streams by one figure."""
    metric = "chat_messages" if query.metric == "total_messages" else query.metric
    tops = channel.top(call.world, caller, metric, query.limit)
    return [shapes.top_stream(call.world, top) for top in tops]


@endpoint("GET", "/streams/analytics/channel/best-times", provenance="guide")
def get_best_times(call: Call, caller: User, query: TimesQuery) -> BestTimes:
    """Read the weekdays and hours at which the caller's streams have the most viewers."""
    zone = query.timezone
    return shapes.best_times(channel.best_times(call.world, caller, hour_of(zone)), zone)


@endpoint("GET", "/streams/analytics/channel/categories", provenance="guide")
def list_category_figures(call: Call, caller: User) -> list[CategoryFigures]:
    """List the categories of the caller's streams."""
    category_shares = channel.categories(call.world, caller)
    return [shapes.category_figures(category_share) for category_share in category_shares]


@endpoint("GET", "/streams/analytics/channel/revenue", provenance="guide")
def get_revenue(_caller: User) -> Revenue:
    """Read the caller's revenue: zeros and a note, as the platform itself answers."""
    return {
        "total_revenue": 0.0,
        "this_month_revenue": 0.0,
        "revenue_sources": {"subscriptions": 0.0, "donations": 0.0, "ads": 0.0},
        "note": "Revenue is not tracked yet.",
    }


@endpoint("GET", "/streams/analytics/channel/export", provenance="client", downloads=("text/csv",))
def export_channel_analytics(
    call: Call, caller: User, query: ExportQuery
) -> ChannelExport | Download:
    """Download the channel's figures: all as JSON, or those of a year's days as CSV."""
    user = accounts.by_pk(call.world, caller.pk)
    starts_ms = channel.utc_days(call.world.now_ms, _EXPORTED_DAYS)
    days, date_of = channel.days(call.world, user, starts_ms), partial(zones.date_of, "UTC")
    followers = shapes.follower_growth(days, date_of)
    viewers = shapes.viewer_growth(days, date_of)
    if query.format == "csv":
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


@endpoint("GET", "/streams/users/{username}/analytics", provenance="guide")
def get_user_analytics(call: Call, username: str) -> UserAnalytics:
    """Read a channel's public figures."""
    user = accounts.by_username(call.world, username)
    overview = channel.overview(call.world, user)
    return shapes.user_analytics(user, overview, channel.mean_viewers(call.world, user))


def _days(call: Call, caller: User, query: DaysQuery) -> tuple[list[Day], Callable[[int], str]]:
    """Return the requested days in their time zone, and the function that names them."""
    starts_ms = day_starts(query.timezone, call.world.now_ms, query.days)
    return channel.days(call.world, caller, starts_ms), partial(zones.date_of, query.timezone)
