"""`/dashboard`: an overview of the caller's channel, under every spelling of each address."""

from typing import TypedDict

from emulator.shapes.live import StreamView, StreamWithIngest, stream_views, stream_with_ingest
from emulator.shapes.people import UserCard, user_card
from emulator.shapes.profiles import NotificationShape, notification_shapes
from emulator.shapes.schedules import UpcomingShape, upcoming_shapes
from emulator.shapes.times import iso
from emulator.web.api.audience.channel import TimesQuery
from emulator.web.api.audience.zones import day_starts
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.audience import activity, channel
from emulator.world.live import lists
from emulator.world.live.lists import StreamFilter
from emulator.world.people import accounts, notifications, profiles, schedules
from emulator.world.people.accounts import User

_STREAMS_SHOWN = 5
_NOTIFICATIONS_SHOWN = 10
_ACTIVITY_SHOWN = 10
_EVENTS_SHOWN = 20
_UPCOMING_DAYS = 7
_MONTH_DAYS = 30


class Dashboard(TypedDict):
    current_stream: StreamWithIngest | None
    recent_streams: list[StreamView]
    follower_count: int
    total_views: int
    upcoming_schedule: list[UpcomingShape]
    notifications: list[NotificationShape]


class QuickStats(TypedDict):
    """Unique viewers and new followers; `avg_stream_duration` is in seconds."""

    today_viewers: int
    weekly_viewers: int
    monthly_viewers: int
    avg_stream_duration: float
    new_followers_today: int
    new_followers_week: int


class FollowerShape(UserCard):
    followed_at: str


class HappeningShape(TypedDict):
    type: activity.Kind
    created_at: str
    stream_id: str | None
    title: str | None
    user: UserCard | None


class Activity(TypedDict):
    recent_streams: list[StreamView]
    recent_followers: list[FollowerShape]
    recent_events: list[HappeningShape]


@endpoint("GET", "/dashboard/streamer/overview", provenance="guide")
@endpoint("GET", "/dashboard/overview", provenance="guide", name="get_dashboard_overview")
@endpoint("GET", "/dashboard", provenance="client", name="get_dashboard")
def get_streamer_overview(call: Call, caller: User) -> Dashboard:
    """Read the overview of the caller's dashboard."""
    world, user = call.world, accounts.by_pk(call.world, caller.pk)
    profile = profiles.of(world, user, user)
    current = profile.current_stream
    listed, _ = notifications.page(
        world, user, unread_only=False, offset=0, count=_NOTIFICATIONS_SHOWN
    )
    return {
        "current_stream": stream_with_ingest(call.world, call.addresses, current)
        if current
        else None,
        "recent_streams": _recent_streams(call, caller),
        "follower_count": user.follower_count,
        "total_views": profile.views,
        "upcoming_schedule": upcoming_shapes(
            world, schedules.upcoming(world, user, _UPCOMING_DAYS)
        ),
        "notifications": notification_shapes(world, listed),
    }


@endpoint("GET", "/dashboard/streamer/quick-stats", provenance="guide")
@endpoint("GET", "/dashboard/quick-stats", provenance="guide", name="get_quick_stats")
def get_streamer_quick_stats(call: Call, caller: User, query: TimesQuery) -> QuickStats:
    """Read the figures of today and of the last 7 and 30 days, which include today."""
    zone = query.timezone
    user = accounts.by_pk(call.world, caller.pk)
    quick = channel.quick(call.world, user, day_starts(zone, call.world.now_ms, _MONTH_DAYS))
    return {
        "today_viewers": quick.viewers_today,
        "weekly_viewers": quick.viewers_week,
        "monthly_viewers": quick.viewers_month,
        "avg_stream_duration": quick.seconds_a_stream,
        "new_followers_today": quick.followers_today,
        "new_followers_week": quick.followers_week,
    }


@endpoint("GET", "/dashboard/streamer/activity", provenance="guide")
@endpoint("GET", "/dashboard/recent-activity", provenance="guide", name="get_recent_activity")
@endpoint("GET", "/dashboard/activity", provenance="client", name="get_dashboard_activity")
def get_streamer_activity(call: Call, caller: User) -> Activity:
    """List the recent events of the caller's channel."""
    world = call.world
    return {
        "recent_streams": _recent_streams(call, caller),
        "recent_followers": [
            {**user_card(recent_follower.user), "followed_at": iso(recent_follower.at_ms)}
            for recent_follower in activity.recent_followers(world, caller, _ACTIVITY_SHOWN)
        ],
        "recent_events": [
            {
                "type": happening.kind,
                "created_at": iso(happening.at_ms),
                "stream_id": happening.stream_id,
                "title": happening.title,
                "user": user_card(happening.user) if happening.user else None,
            }
            for happening in activity.recent(world, caller, _EVENTS_SHOWN)
        ],
    }


def _recent_streams(call: Call, caller: User) -> list[StreamView]:
    """Return the caller's last streams, live or not, newest first."""
    wanted = StreamFilter(user_pk=caller.pk)
    streams, _ = lists.page(call.world, caller, wanted, offset=0, count=_STREAMS_SHOWN)
    return stream_views(call.world, call.addresses, streams, caller)
