"""STREAM_ANALYTICS, CHAT_ANALYTICS, ENGAGEMENT and the channel's figures (contract, schemas)."""

from collections.abc import Callable
from typing import TypedDict

from emulator.shapes.times import iso, iso_or_none
from emulator.world.audience import figures
from emulator.world.audience.channel import Audience, BestTime, CategoryShare, Channel, Day, Top
from emulator.world.audience.figures import ChatFigures, Country, Engagement, Totals
from emulator.world.live import categories
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.world import World

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class StreamAnalytics(TypedDict):
    stream_id: str
    total_views: int
    unique_viewers: int
    peak_concurrent_viewers: int
    average_concurrent_viewers: float
    total_watch_time_minutes: float
    chat_messages_total: int
    unique_chatters: int


class TimelinePoint(TypedDict):
    timestamp: str
    viewer_count: int


class Timeline(TypedDict):
    stream_id: str
    interval_minutes: int
    timeline: list[TimelinePoint]


class ChatterShape(TypedDict):
    username: str
    message_count: int


class ChatAnalytics(TypedDict):
    total_messages: int
    unique_chatters: int
    messages_per_minute: float
    peak_messages_per_minute: int
    most_active_chatters: list[ChatterShape]


class CountryShape(TypedDict):
    country_code: str
    country: str
    viewer_count: int
    percentage: float


class Geography(TypedDict):
    stream_id: str
    geographic_breakdown: list[CountryShape]


class RetentionPoint(TypedDict):
    minute: int
    percentage: float


class EngagementShape(TypedDict):
    """Rates are fractions of one."""

    stream_id: str
    average_watch_time_minutes: float
    chat_participation_rate: float
    messages_per_viewer: float
    new_followers: int
    bounce_rate: float
    retention: list[RetentionPoint]
    clips_created: int


class ChannelShape(TypedDict):
    total_streams: int
    completed_streams: int
    total_hours_streamed: float
    avg_viewers_per_stream: float
    max_peak_viewers: int
    total_unique_viewers: int
    follower_count: int


class UserAnalytics(TypedDict):
    """A channel's public figures. `avg_viewers` is weighted by time."""

    total_streams: int
    total_hours_streamed: float
    avg_viewers: float
    follower_count: int


class FollowerDay(TypedDict):
    date: str
    new_followers: int
    total_followers: int


class FollowerGrowth(TypedDict):
    timeline: list[FollowerDay]
    period_days: int
    total_new_followers: int
    growth_rate_percent: float


class ViewerDay(TypedDict):
    date: str
    total_views: int
    unique_viewers: int
    avg_peak_viewers: float


class ViewerGrowth(TypedDict):
    timeline: list[ViewerDay]
    period_days: int
    total_views: int
    total_unique_viewers: int


class ViewerTypes(TypedDict):
    authenticated: int
    anonymous: int


class CountryShare(TypedDict):
    country_code: str
    viewer_count: int
    percentage: float


class AudienceShape(TypedDict):
    geographic_breakdown: list[CountryShare]
    viewer_type_breakdown: ViewerTypes
    avg_watch_time_minutes: float


class TopCategory(TypedDict):
    name: str
    slug: str


class TopStream(TypedDict):
    id: str
    title: str
    description: str | None
    peak_viewers: int
    duration_seconds: float
    total_views: int
    total_messages: int
    category: TopCategory | None
    started_at: str
    ended_at: str | None


class BestTimeShape(TypedDict):
    day_of_week: int
    day_name: str
    hour_of_day: int
    avg_viewers: float
    stream_count: int


class BestTimes(TypedDict):
    best_times: list[BestTimeShape]
    timezone: str


class CategoryFigures(TypedDict):
    category_id: str
    category_name: str
    stream_count: int
    avg_peak_viewers: float
    total_hours: float


def stream_analytics(stream: Stream, totals: Totals) -> StreamAnalytics:
    return {
        "stream_id": stream.id,
        "total_views": totals.views,
        "unique_viewers": totals.uniques,
        "peak_concurrent_viewers": totals.peak,
        "average_concurrent_viewers": totals.mean,
        "total_watch_time_minutes": totals.watch_minutes,
        "chat_messages_total": totals.messages,
        "unique_chatters": totals.chatters,
    }


def timeline(world: World, stream: Stream, interval_minutes: int) -> Timeline:
    points = figures.timeline(world, stream, interval_minutes)
    return {
        "stream_id": stream.id,
        "interval_minutes": interval_minutes,
        "timeline": [
            {"timestamp": iso(at_ms), "viewer_count": viewers} for at_ms, viewers in points
        ],
    }


def chat_analytics(activity: ChatFigures) -> ChatAnalytics:
    return {
        "total_messages": activity.messages,
        "unique_chatters": activity.chatters,
        "messages_per_minute": activity.per_minute,
        "peak_messages_per_minute": activity.peak_per_minute,
        "most_active_chatters": [
            {"username": chatter.username, "message_count": chatter.messages}
            for chatter in activity.most_active
        ],
    }


def geography(stream: Stream, countries: list[Country]) -> Geography:
    return {
        "stream_id": stream.id,
        "geographic_breakdown": [
            {
                "country_code": country.code,
                "country": country.name,
                "viewer_count": country.viewers,
                "percentage": country.share,
            }
            for country in countries
        ],
    }


def engagement_shape(stream: Stream, engagement: Engagement) -> EngagementShape:
    return {
        "stream_id": stream.id,
        "average_watch_time_minutes": engagement.watch_minutes_mean,
        "chat_participation_rate": engagement.chat_participation,
        "messages_per_viewer": engagement.messages_per_viewer,
        "new_followers": engagement.new_followers,
        "bounce_rate": engagement.bounce,
        "retention": [
            {"minute": minute, "percentage": share} for minute, share in engagement.retention
        ],
        "clips_created": engagement.clips,
    }


def channel_shape(user: User, channel: Channel) -> ChannelShape:
    return {
        "total_streams": channel.streams,
        "completed_streams": channel.completed,
        "total_hours_streamed": channel.hours,
        "avg_viewers_per_stream": channel.viewers_a_stream,
        "max_peak_viewers": channel.peak,
        "total_unique_viewers": channel.uniques,
        "follower_count": user.follower_count,
    }


def follower_growth(days: list[Day], date_of: Callable[[int], str]) -> FollowerGrowth:
    new = sum(day.new_followers for day in days)
    before = days[-1].followers - new
    return {
        "timeline": [
            {
                "date": date_of(day.at_ms),
                "new_followers": day.new_followers,
                "total_followers": day.followers,
            }
            for day in days
        ],
        "period_days": len(days),
        "total_new_followers": new,
        # Growth from zero counts as 1, since there is nothing to divide by.
        "growth_rate_percent": round(100 * new / before, 2) if before else 100.0 * bool(new),
    }


def viewer_growth(days: list[Day], date_of: Callable[[int], str]) -> ViewerGrowth:
    return {
        "timeline": [
            {
                "date": date_of(day.at_ms),
                "total_views": day.views,
                "unique_viewers": day.uniques,
                "avg_peak_viewers": day.peak_mean,
            }
            for day in days
        ],
        "period_days": len(days),
        "total_views": sum(day.views for day in days),
        "total_unique_viewers": sum(day.uniques for day in days),
    }


def audience_shape(audience: Audience) -> AudienceShape:
    return {
        "geographic_breakdown": [
            {
                "country_code": country.code,
                "viewer_count": country.viewers,
                "percentage": country.share,
            }
            for country in audience.countries
        ],
        "viewer_type_breakdown": {
            "authenticated": audience.signed_in,
            "anonymous": audience.anonymous,
        },
        "avg_watch_time_minutes": audience.watch_minutes_mean,
    }


def user_analytics(user: User, channel: Channel, mean_viewers: float) -> UserAnalytics:
    return {
        "total_streams": channel.streams,
        "total_hours_streamed": channel.hours,
        "avg_viewers": mean_viewers,
        "follower_count": user.follower_count,
    }


def top_stream(world: World, top: Top) -> TopStream:
    stream = top.stream
    category = categories.find(world, stream.category_id) if stream.category_id else None
    return {
        "id": stream.id,
        "title": stream.title,
        "description": stream.description,
        "peak_viewers": stream.peak_viewer_count,
        "duration_seconds": top.duration_ms / 1000,
        "total_views": top.views,
        "total_messages": top.messages,
        "category": {"name": category.name, "slug": category.slug} if category else None,
        "started_at": iso(stream.started_at_ms or 0),
        "ended_at": iso_or_none(stream.ended_at_ms),
    }


def best_times(times: list[BestTime], zone: str) -> BestTimes:
    return {
        "best_times": [
            {
                "day_of_week": best_time.weekday,
                "day_name": DAY_NAMES[best_time.weekday],
                "hour_of_day": best_time.hour,
                "avg_viewers": best_time.viewers_mean,
                "stream_count": best_time.streams,
            }
            for best_time in times
        ],
        "timezone": zone,
    }


def category_figures(share: CategoryShare) -> CategoryFigures:
    return {
        "category_id": share.id,
        "category_name": share.name,
        "stream_count": share.streams,
        "avg_peak_viewers": share.peak_mean,
        "total_hours": share.hours,
    }
