"""The seeded platform's figures: every address that shows one gives the same value."""

from typing import Any

import pytest

from tests.support.rest import Caller

pytestmark = [
    pytest.mark.parametrize("client", ["in process"], indirect=True),
    pytest.mark.parametrize("call", ["/api/v1"], indirect=True),
]

USERS = ("demo", "viewer", "urbantech", "nextjsmaster", "rustacean", "devops_wizard", "web3builder")
CHANNEL = "/streams/analytics/channel"


class Asked:
    """The answers of each address about one user."""

    def __init__(self, call: Caller, username: str) -> None:
        self._call = call
        self._key = "ak_demo" if username == "demo" else f"ak_demo_{username}"
        self.user = f"/streams/users/{username}"

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self._call("GET", path, self._key, params=query)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()


def same(*figures: object) -> None:
    assert len({str(figure) for figure in figures}) == 1, figures


async def test_figures_of_a_channel_agree_at_every_address(call: Caller) -> None:
    for username in USERS:
        asked = Asked(call, username)
        await _people_agree(asked)
        await _streams_agree(asked)


async def _people_agree(asked: Asked) -> None:
    profile = await asked.get(f"{asked.user}/profile")
    me = await asked.get("/users/me")
    followers = await asked.get(f"{asked.user}/followers", per_page=100)
    following = await asked.get(f"{asked.user}/following", per_page=100)
    growth = await asked.get(f"{CHANNEL}/growth", days=365)
    same(
        profile["follower_count"],
        me["follower_count"],
        (await asked.get("/streams/me/profile"))["follower_count"],
        (await asked.get(f"{asked.user}/analytics"))["follower_count"],
        (await asked.get(CHANNEL))["follower_count"],
        (await asked.get("/dashboard/overview"))["follower_count"],
        growth["timeline"][-1]["total_followers"],
    )
    same(growth["total_new_followers"], sum(day["new_followers"] for day in growth["timeline"]))
    same(followers["total"], len(followers["followers"]))
    same(me["following_count"], profile["following_count"], len(following["following"]))
    for other in following["following"]:
        theirs = await asked.get(f"/streams/users/{other['username']}/followers", per_page=100)
        assert me["id"] in [card["id"] for card in theirs["followers"]]
        path = f"/streams/users/{other['username']}/follow"
        assert await asked.get(path) == {"is_following": True}


async def _streams_agree(asked: Asked) -> None:
    profile = await asked.get(f"{asked.user}/profile")
    channel = await asked.get(CHANNEL)
    payload = await asked.get(f"{asked.user}/streams", status_filter="all", per_page=100)
    streams = payload["streams"]
    figures = [await asked.get(f"/streams/{stream['id']}/analytics") for stream in streams]
    growth = await asked.get(f"{CHANNEL}/viewer-growth", days=365)
    audience = await asked.get(f"{CHANNEL}/audience", days=365)
    categories = await asked.get(f"{CHANNEL}/categories")
    dashboard = await asked.get("/dashboard/overview")
    same(
        profile["total_streams"],
        (await asked.get(f"{asked.user}/analytics"))["total_streams"],
        channel["total_streams"],
        payload["total"],
        len(streams),
        sum(category["stream_count"] for category in categories),
    )
    same(
        profile["total_views"],
        dashboard["total_views"],
        sum(figure["total_views"] for figure in figures),
        growth["total_views"],
        sum(day["total_views"] for day in growth["timeline"]),
    )
    same(
        channel["total_unique_viewers"],
        growth["total_unique_viewers"],
        sum(figure["unique_viewers"] for figure in figures),
        sum(item["viewer_count"] for item in audience["geographic_breakdown"]),
        sum(audience["viewer_type_breakdown"].values()),
    )
    same(
        channel["max_peak_viewers"], max([stream["peak_viewers"] for stream in streams], default=0)
    )
    same(
        profile["is_live"],
        (await asked.get(f"{asked.user}/live"))["is_live"],
        dashboard["current_stream"] is not None,
        profile["current_stream"] is not None,
        any(stream["status"] == "live" for stream in streams),
    )
    for stream, figure in zip(streams, figures, strict=True):
        await _stream_agrees(asked, stream, figure)


async def _stream_agrees(asked: Asked, stream: dict[str, Any], figure: dict[str, Any]) -> None:
    path = f"/streams/{stream['id']}/analytics"
    places = (await asked.get(f"{path}/geography"))["geographic_breakdown"]
    chat = await asked.get(f"{path}/chat")
    timeline = (await asked.get(f"{path}/viewers", interval_minutes=1))["timeline"]
    [top] = [
        item
        for item in await asked.get(f"{CHANNEL}/top-streams", limit=100)
        if item["id"] == stream["id"]
    ]
    same(figure["unique_viewers"], sum(place["viewer_count"] for place in places))
    same(figure["total_views"], top["total_views"])
    same(figure["chat_messages_total"], chat["total_messages"], top["total_messages"])
    same(figure["unique_chatters"], chat["unique_chatters"])
    same(
        stream["peak_viewers"],
        figure["peak_concurrent_viewers"],
        top["peak_viewers"],
        max(item["viewer_count"] for item in timeline),
    )
    same(stream["viewer_count"], timeline[-1]["viewer_count"])


async def test_figures_of_categories_and_tags_count_the_existing_streams(call: Caller) -> None:
    asked = Asked(call, "demo")
    query = {"status_filter": "all", "per_page": 100}
    streams = (await asked.get("/streams/", **query))["streams"]
    assert len(streams) == 8
    for category in await asked.get("/streams/categories"):
        inside = [stream for stream in streams if stream["category_id"] == category["id"]]
        same(category["stream_count"], len(inside))
        same(category["live_streams"], sum(item["status"] == "live" for item in inside))
        same(category["viewer_count"], sum(item["viewer_count"] for item in inside))
    for tag in await asked.get("/streams/tags"):
        carriers = [
            stream for stream in streams if tag["id"] in [one["id"] for one in stream["tags"]]
        ]
        same(tag["usage_count"], len(carriers))
