"""Analytics and dashboard over both prefixes, with figures that were calculated by hand."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from emulator.server import Emulator
from emulator.settings import Settings
from tests.support.rest import (
    INGEST,
    STREAM,
    STREAM_PAGE,
    USER_CARD,
    Caller,
    check_error,
    create,
)

BEGIN = "2090-03-01T22:00:00Z"


@pytest.fixture
def settings() -> Settings:
    return Settings(
        data=":memory:",
        port=0,
        rtmp_port=0,
        rtmps_port=0,
        seed="none",
        stream_creations_per_minute=0,
    )


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[httpx.AsyncClient]:
    """In process only: the calculation does not depend on the transport."""
    transport = httpx.ASGITransport(emulator.app)
    base = emulator.ready["http"]
    async with httpx.AsyncClient(base_url=base, transport=transport, timeout=30) as client:
        yield client


class Studio:
    """A world whose time stands, used by a streamer (`ak_auto_ada`)."""

    def __init__(self, client: httpx.AsyncClient, call: Caller) -> None:
        self._client = client
        self.call = call

    async def go_to(self, now: str) -> None:
        answer = await self._client.put("/_emulator/clock", json={"mode": "virtual", "now": now})
        assert answer.status_code == 200, answer.text

    async def wait(self, minutes: float) -> None:
        await self._client.post("/_emulator/clock/advance", json={"seconds": minutes * 60})

    async def begin(self, title: str = "Studio", **body: Any) -> dict[str, Any]:
        stream = await create(self.call, "ak_auto_ada", title=title, **body)
        answer = await self.call("POST", f"/streams/id/{stream['id']}/start", "ak_auto_ada")
        started: dict[str, Any] = answer.json()
        return started

    async def end(self, stream: dict[str, Any]) -> None:
        await self.call("POST", f"/streams/{stream['id']}/end", "ak_auto_ada")

    async def watch(self, stream: dict[str, Any], **body: Any) -> None:
        address = f"/_emulator/streams/{stream['id']}/viewers"
        answer = await self._client.post(address, json=body)
        assert answer.status_code == 200, answer.text

    async def say(self, stream: dict[str, Any], user: str, *lines: str) -> None:
        for line in lines:
            path = f"/streams/{stream['id']}/chat"
            answer = await self.call("POST", path, f"ak_auto_{user}", json={"content": line})
            assert answer.status_code == 201, answer.text

    async def read(self, path: str, user: str = "ada") -> Any:
        answer = await self.call("GET", path, f"ak_auto_{user}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def launch(self) -> dict[str, Any]:
        """A hundred viewers for ten minutes, then forty for ten; two chat, and one follows."""
        await self.go_to(BEGIN)
        stream = await self.begin("Launch night")
        mix = {"countries": {"DE": 0.5, "US": 0.3}, "signed_in": 0.25}
        await self.watch(stream, verb="set", count=100, **mix)
        await self.say(stream, "bob", "one", "two", "three")
        await self.wait(10)
        await self.call("POST", "/streams/users/ada/follow", "ak_auto_bob")
        await self.watch(stream, verb="set", count=40)
        await self.say(stream, "cleo", "four")
        await self.wait(10)
        await self.end(stream)
        return stream


@pytest.fixture
async def studio(client: httpx.AsyncClient, call: Caller) -> Studio:
    return Studio(client, call)


async def test_analytics_match_the_worked_example_exactly(studio: Studio) -> None:
    stream = await studio.launch()
    path = f"/streams/{stream['id']}/analytics"

    assert await studio.read(path) == {
        "stream_id": stream["id"],
        "total_views": 100,
        "unique_viewers": 100,
        "peak_concurrent_viewers": 100,
        "average_concurrent_viewers": 70.0,
        "total_watch_time_minutes": 1400.0,
        "chat_messages_total": 4,
        "unique_chatters": 2,
    }
    for interval, counts in ((5, [100, 100, 40, 40, 0]), (10, [100, 40, 0]), (60, [100])):
        payload = await studio.read(f"{path}/viewers?interval_minutes={interval}")
        assert payload["interval_minutes"] == interval
        assert [point["viewer_count"] for point in payload["timeline"]] == counts
        assert payload["timeline"][0]["timestamp"] == stream["started_at"]
    assert (await studio.read(f"{path}/viewers"))["interval_minutes"] == 5
    assert await studio.read(f"{path}/chat") == {
        "total_messages": 4,
        "unique_chatters": 2,
        "messages_per_minute": 0.2,
        "peak_messages_per_minute": 3,
        "most_active_chatters": [
            {"username": "bob", "message_count": 3},
            {"username": "cleo", "message_count": 1},
        ],
    }
    assert (await studio.read(f"{path}/geography"))["geographic_breakdown"] == [
        {"country_code": "DE", "country": "Germany", "viewer_count": 50, "percentage": 50.0},
        {"country_code": "US", "country": "United States", "viewer_count": 30, "percentage": 30.0},
        {"country_code": "ZZ", "country": "Unknown", "viewer_count": 20, "percentage": 20.0},
    ]
    payload = await studio.read(f"{path}/engagement")
    assert payload["average_watch_time_minutes"] == 14.0
    assert payload["chat_participation_rate"] == 0.02
    assert payload["messages_per_viewer"] == 0.04
    assert (payload["new_followers"], payload["bounce_rate"], payload["clips_created"]) == (
        1,
        0.0,
        0,
    )
    left = {point["minute"]: point["percentage"] for point in payload["retention"]}
    assert (left[0], left[10], left[11], left[20]) == (100.0, 100.0, 40.0, 40.0)


async def test_analytics_figures_of_a_live_stream_grow_with_it(studio: Studio) -> None:
    await studio.go_to(BEGIN)
    stream = await studio.begin()
    path = f"/streams/{stream['id']}/analytics"
    await studio.watch(stream, verb="set", count=10)

    for minute in (1, 2, 3):
        await studio.wait(1)
        payload = await studio.read(path)
        assert payload["total_watch_time_minutes"] == 10.0 * minute
        assert payload["average_concurrent_viewers"] == 10.0
    points = (await studio.read(f"{path}/viewers?interval_minutes=1"))["timeline"]
    assert [point["viewer_count"] for point in points] == [10, 10, 10, 10]


async def test_analytics_export_matches_the_endpoints(studio: Studio) -> None:
    stream = await studio.launch()
    path = f"/streams/{stream['id']}/analytics"

    answer = await studio.call("GET", f"{path}/export", "ak_auto_ada")
    assert answer.headers["content-type"].startswith("text/csv")
    assert f"stream-{stream['id']}-analytics.csv" in answer.headers["content-disposition"]
    head, *rows = csv.reader(io.StringIO(answer.text))
    assert head == ["timestamp", "viewer_count"]
    assert [row[1] for row in rows] == [*["100"] * 10, *["40"] * 10, "0"]
    whole = await studio.call("GET", f"{path}/export?format=json", "ak_auto_ada")
    assert "attachment" in whole.headers["content-disposition"]
    for name, rest in (("chat", "/chat"), ("geography", "/geography"), ("analytics", "")):
        assert whole.json()[name] == await studio.read(f"{path}{rest}")

    answer = await studio.call("GET", "/streams/analytics/channel/export", "ak_auto_ada")
    days = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(days) == 365
    assert days[-1]["date"] == "2090-03-01"
    assert (days[-1]["new_followers"], days[-1]["total_views"]) == ("1", "100")
    whole = await studio.call("GET", "/streams/analytics/channel/export?format=json", "ak_auto_ada")
    assert whole.json()["channel"] == await studio.read("/streams/analytics/channel")


async def test_analytics_channel_is_the_sum_of_its_streams(studio: Studio) -> None:
    # Given a launch of 20 minutes, a day without a stream, and an hour with 30 viewers over
    # midnight,
    launch = await studio.launch()
    await studio.go_to("2090-03-03T23:30:00Z")
    over = await studio.begin("Over midnight")
    await studio.watch(over, verb="set", count=20)
    await studio.wait(45)
    await studio.watch(over, verb="set", count=30)
    await studio.say(over, "bob", *(f"line {number}" for number in range(5)))
    await studio.wait(15)
    await studio.end(over)
    channel = "/streams/analytics/channel"

    # then each figure is that of a calculation by hand.
    assert await studio.read(channel) == {
        "total_streams": 2,
        "completed_streams": 2,
        "total_hours_streamed": 1.33,
        "avg_viewers_per_stream": 65.0,
        "max_peak_viewers": 100,
        "total_unique_viewers": 130,
        "follower_count": 1,
    }
    # 1,400 minutes of watching and 20 * 45 + 30 * 15, in 80 minutes of streaming.
    assert await studio.read("/streams/users/ada/analytics", "bob") == {
        "total_streams": 2,
        "total_hours_streamed": 1.33,
        "avg_viewers": 34.38,
        "follower_count": 1,
    }
    grown = await studio.read(f"{channel}/viewer-growth?days=4")
    assert [
        (day["date"][-2:], day["total_views"], day["unique_viewers"], day["avg_peak_viewers"])
        for day in grown["timeline"]
    ] == [
        ("01", 100, 100, 100.0),
        ("02", 0, 0, 0.0),
        ("03", 20, 20, 30.0),
        ("04", 10, 10, 0.0),
    ]
    assert (grown["period_days"], grown["total_views"]) == (4, 130)
    followed = await studio.read(f"{channel}/growth?days=5")
    assert [day["new_followers"] for day in followed["timeline"]] == [0, 1, 0, 0, 0]
    assert [day["total_followers"] for day in followed["timeline"]] == [0, 1, 1, 1, 1]
    assert followed["growth_rate_percent"] == 100.0
    payload = await studio.read(f"{channel}/audience")
    assert payload["viewer_type_breakdown"] == {"authenticated": 25, "anonymous": 105}
    assert payload["avg_watch_time_minutes"] == round(2750 / 130, 2)
    assert [item["viewer_count"] for item in payload["geographic_breakdown"]] == [50, 50, 30]
    for metric, first in (
        ("peak_viewers", launch),
        ("total_views", launch),
        ("duration", over),
        ("chat_messages", over),
    ):
        best = await studio.read(f"{channel}/top-streams?metric={metric}")
        assert best[0]["id"] == first["id"]
    assert len(await studio.read(f"{channel}/top-streams?limit=1")) == 1
    assert (await studio.read(f"{channel}/revenue"))["total_revenue"] == 0


async def test_analytics_days_and_hours_follow_the_time_zone(studio: Studio) -> None:
    # 23:30 and 00:15 in UTC are one day in Kolkata (5:30 ahead), and the day before in New York.
    await studio.go_to("2090-03-03T23:30:00Z")
    stream = await studio.begin()
    await studio.watch(stream, verb="set", count=20)
    await studio.wait(45)
    await studio.watch(stream, verb="set", count=30)
    await studio.end(stream)
    channel = "/streams/analytics/channel"

    for zone, days in (
        ("UTC", {"2090-03-03": 20, "2090-03-04": 10}),
        ("Asia/Kolkata", {"2090-03-03": 0, "2090-03-04": 30}),
        ("America/New_York", {"2090-03-02": 0, "2090-03-03": 30}),
    ):
        payload = await studio.read(f"{channel}/viewer-growth?days=2&timezone={zone}")
        assert {day["date"]: day["total_views"] for day in payload["timeline"]} == days
    for zone, day, hour in (("UTC", "Friday", 23), ("Asia/Kolkata", "Saturday", 5)):
        [best] = (await studio.read(f"{channel}/best-times?timezone={zone}"))["best_times"]
        assert (best["day_name"], best["hour_of_day"], best["stream_count"]) == (day, hour, 1)
        assert best["avg_viewers"] == 20.0
    quick = await studio.read("/dashboard/quick-stats?timezone=Asia/Kolkata")
    assert quick["today_viewers"] == 30


async def test_analytics_dashboard_shows_present_and_past(studio: Studio) -> None:
    launch = await studio.launch()
    await studio.wait(60 * 24)
    now = await studio.begin("Now")
    await studio.watch(now, verb="set", count=7)

    for path in ("/dashboard/streamer/overview", "/dashboard/overview", "/dashboard"):
        payload = await studio.read(path)
        assert payload["current_stream"].keys() == STREAM | INGEST
        assert [recent_stream.keys() for recent_stream in payload["recent_streams"]] == [
            STREAM | INGEST
        ] * 2
        assert payload["current_stream"]["viewer_count"] == 7
        assert [recent_stream["title"] for recent_stream in payload["recent_streams"]] == [
            "Now",
            "Launch night",
        ]
        assert (payload["follower_count"], payload["total_views"]) == (1, 107)
        assert [notification["type"] for notification in payload["notifications"]] == [
            "new_follower"
        ]
        assert payload["upcoming_schedule"] == []
    for path in ("/dashboard/streamer/quick-stats", "/dashboard/quick-stats"):
        assert await studio.read(path) == {
            "today_viewers": 7,
            "weekly_viewers": 107,
            "monthly_viewers": 107,
            "avg_stream_duration": 600.0,
            "new_followers_today": 0,
            "new_followers_week": 1,
        }
    for path in (
        "/dashboard/streamer/activity",
        "/dashboard/recent-activity",
        "/dashboard/activity",
    ):
        payload = await studio.read(path)
        assert [recent_event["type"] for recent_event in payload["recent_events"]] == [
            "stream_live",
            "stream_ended",
            "new_follower",
            "stream_live",
        ]
        assert payload["recent_events"][2]["user"]["username"] == "bob"
        assert payload["recent_events"][3]["stream_id"] == launch["id"]
        [follower] = payload["recent_followers"]
        assert follower.keys() == USER_CARD | {"followed_at"}
    # Going live has notified the followers that she is live now.
    payload = await studio.read("/dashboard/notifications", "bob")
    assert payload.keys() == (STREAM_PAGE - {"streams"}) | {"notifications", "unread_count"}
    assert [notification["stream_id"] for notification in payload["notifications"]] == [now["id"]]


async def test_analytics_other_users_and_bad_queries_are_refused(studio: Studio) -> None:
    await studio.go_to(BEGIN)
    stream = await studio.begin()
    path = f"/streams/{stream['id']}/analytics"
    for rest in ("", "/viewers", "/chat", "/geography", "/engagement", "/export"):
        check_error(await studio.call("GET", path + rest), 401)
        check_error(await studio.call("GET", path + rest, "ak_auto_bob"), 403)
        unknown = f"/streams/00000000-0000-4000-8000-000000000000/analytics{rest}"
        check_error(await studio.call("GET", unknown, "ak_auto_ada"), 404)
    check_error(await studio.call("GET", "/dashboard/overview"), 401)
    check_error(await studio.call("GET", "/streams/users/nobody/analytics"), 404)
    channel = "/streams/analytics/channel"
    for address in (
        *(f"{path}/viewers?interval_minutes={wrong}" for wrong in (0, -5, 61, 1.5, 10**20, "x")),
        f"{path}/export?format=xml",
        *(f"{channel}/growth?days={wrong}" for wrong in (0, -1, 366, "all")),
        *(f"{channel}/viewer-growth?timezone={wrong}" for wrong in ("Mars/Base", "../etc", "")),
        f"{channel}/audience?days=0",
        f"{channel}/top-streams?metric=beauty",
        f"{channel}/top-streams?limit=101",
        f"{channel}/best-times?timezone=nowhere",
    ):
        check_error(await studio.call("GET", address, "ak_auto_ada"), 422)


async def test_analytics_channel_without_streams_has_zeros(studio: Studio) -> None:
    await studio.go_to(BEGIN)
    stream = await create(studio.call, "ak_auto_ada")
    path = f"/streams/{stream['id']}/analytics"

    assert (await studio.read(path))["average_concurrent_viewers"] == 0
    assert (await studio.read(f"{path}/viewers"))["timeline"] == []
    assert (await studio.read(f"{path}/engagement"))["retention"] == []
    channel = "/streams/analytics/channel"
    assert (await studio.read(channel))["avg_viewers_per_stream"] == 0
    assert (await studio.read(f"{channel}/audience"))["geographic_breakdown"] == []
    assert (await studio.read(f"{channel}/best-times"))["best_times"] == []
    assert await studio.read(f"{channel}/categories") == []
    assert (await studio.read("/dashboard/overview"))["current_stream"] is None
