"""Ranking, by the examples of docs/reference/discovery.md."""

import pytest

from emulator.core.clock import ManualClock
from emulator.world.audience import attendance
from emulator.world.discovery import ranking
from emulator.world.library import removal
from emulator.world.live import categories, streams
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.world import World
from tests.support.streams import live, make, titles, watch

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def trending(world: World, hours: int = 24) -> list[str]:
    ranked, total = ranking.trending(world, hours=hours, count=100)
    assert total == len(ranked)
    return titles(ranked)


def rising(world: World) -> list[str]:
    ranked, total = ranking.rising(world, count=100)
    assert total == len(ranked)
    return titles(ranked)


def recommended(world: World, user: User) -> list[str]:
    ranked, total = ranking.recommended(world, user, count=100)
    assert total == len(ranked)
    return titles(ranked)


def follow(world: World, follower: User, followed: User) -> None:
    with world.change():
        world.store.write(
            "INSERT INTO follows (id, follower_row, followed_row, created_at_ms)"
            " VALUES (?, ?, ?, ?)",
            world.ids.uuid(),
            follower.pk,
            followed.pk,
            world.now_ms,
        )


def test_ranking_matches_the_example_of_the_documentation(world: World, clock: ManualClock) -> None:
    a = live(world, "A", viewers=90)
    c = live(world, "C", viewers=60)
    clock.advance(31 * MINUTE_MS)
    watch(world, a, 100)
    watch(world, c, 20)
    live(world, "B", viewers=50)

    assert trending(world) == ["A", "B", "C"]
    assert rising(world) == ["B", "A", "C"]


def test_ranking_ties_are_broken_by_peak_then_by_later_start(
    world: World, clock: ManualClock
) -> None:
    once_loved = live(world, "Once loved", viewers=9)
    watch(world, once_loved, 5)
    live(world, "Earlier", viewers=5)
    clock.advance(1000)
    for title in ("Later", "Last"):
        live(world, title, viewers=5)

    assert trending(world) == ["Once loved", "Last", "Later", "Earlier"]
    assert titles(ranking.trending(world, hours=24, count=2)[0]) == ["Once loved", "Last"]
    assert ranking.trending(world, hours=24, count=2)[1] == 4


def test_ranking_first_page_equals_a_full_sort(world: World, clock: ManualClock) -> None:
    for number in range(260):
        # Some have no viewers, some have lost theirs; many have equal numbers.
        visibility = "unlisted" if number % 9 == 0 else "public"
        viewers = number * 7 % 40 if number % 4 else 0
        stream = live(world, f"{number}", viewers=viewers, visibility=visibility)
        if number % 3 == 0 and viewers:
            watch(world, stream, 0 if number % 2 else 3)
        if number % 10 == 5:
            clock.advance(MINUTE_MS)
    shown = [stream for stream in streams.live(world) if stream.visibility == "public"]

    def trend(live: Stream) -> tuple[int | None, ...]:
        viewers = world.viewers.count(live.id)
        return viewers, live.peak_viewer_count, live.started_at_ms, live.pk

    expected = titles(sorted(shown, key=trend, reverse=True))
    for count in (1, 20, 150, 1_000):
        ranked, total = ranking.trending(world, hours=24, count=count)
        assert titles(ranked) == expected[:count]
        assert total == len(shown)
    every, total = ranking.rising(world, count=1_000)
    assert total == len(every) == len(shown)
    assert titles(ranking.rising(world, count=20)[0]) == titles(every)[:20]


def test_ranking_trending_covers_streams_that_went_live_in_the_window(
    world: World, clock: ManualClock
) -> None:
    live(world, "All day", viewers=100)
    clock.advance(2 * HOUR_MS + 1)
    live(world, "Just now", viewers=1)

    assert trending(world) == ["All day", "Just now"]
    assert trending(world, hours=3) == ["All day", "Just now"]
    assert trending(world, hours=2) == ["Just now"]


@pytest.mark.parametrize("visibility", ["unlisted", "private"])
def test_ranking_covers_live_public_streams_only(world: World, ada: User, visibility: str) -> None:
    live(world, "Hidden", viewers=5, visibility=visibility)
    make(world, "Waiting")
    streams.end(world, live(world, "Ended", viewers=9))
    live(world, "Seen")

    assert trending(world) == rising(world) == recommended(world, ada) == ["Seen"]


def test_ranking_growth_compares_with_viewers_half_an_hour_ago(
    world: World, clock: ManualClock
) -> None:
    stream = live(world, "Steps", viewers=10)
    other = live(world, "Flat", viewers=30)
    clock.advance(29 * MINUTE_MS)
    watch(world, stream, 15)
    assert rising(world) == ["Flat", "Steps"], "both had no viewers half an hour ago"

    clock.advance(MINUTE_MS)
    assert rising(world) == ["Steps", "Flat"], "Steps has 5 more than 30 minutes ago, Flat none"

    clock.advance(29 * MINUTE_MS)
    watch(world, other, 29)
    clock.advance(MINUTE_MS)
    watch(world, stream, 14)
    watch(world, other, 30)
    assert rising(world) == ["Flat", "Steps"], "Flat has as many as 30 minutes ago, Steps one fewer"


def test_ranking_growth_ignores_viewer_that_left_silently(world: World, clock: ManualClock) -> None:
    stream = live(world, "Real")
    attendance.see(world, stream, "somebody")
    clock.advance(40 * MINUTE_MS)
    live(world, "Other", viewers=1)
    assert rising(world) == ["Other", "Real"]

    attendance.see(world, stream, "somebody else")

    assert rising(world) == ["Other", "Real"]


def test_ranking_recommends_followed_then_liked_then_the_rest(
    world: World, ada: User, bob: User
) -> None:
    categories.make(world, "Python", "python")
    python = categories.by_slug(world, "python").id
    make(world, "Own", by="ada", category_id=python, tags=["rust", "wasm"])
    follow(world, ada, bob)
    live(world, "Crowd", viewers=900)
    live(world, "One tag", viewers=3, tags=["rust"])
    live(world, "Category", viewers=1, category_id=python)
    live(world, "All of it", category_id=python, tags=["WASM", "rust", "x"])
    live(world, "Two tags", viewers=2, tags=["rust", "wasm"])
    live(world, "Followed", by="bob")

    assert recommended(world, ada) == [
        "Followed",
        "All of it",
        "Two tags",
        "Category",
        "One tag",
        "Crowd",
    ]
    assert recommended(world, bob)[0] == "Crowd"


def test_ranking_likes_come_from_followed_users_and_nothing_hidden(
    world: World, ada: User, bob: User
) -> None:
    follow(world, ada, bob)
    shown = make(world, "Bob's", by="bob", tags=["rust"])
    streams.end(world, shown)
    streams.end(world, make(world, "Bob's secret", by="bob", tags=["perl"], visibility="private"))
    live(world, "About rust", tags=["rust"])
    live(world, "About perl", tags=["perl"])

    assert recommended(world, ada) == ["About rust", "About perl"]
    removal.delete_stream(world, streams.find(world, shown.id))
    assert recommended(world, ada) == ["About perl", "About rust"]


def test_ranking_recommends_nobody_to_themselves(world: World, ada: User) -> None:
    live(world, "Mine", by="ada", viewers=5)

    assert recommended(world, ada) == []


def test_ranking_categories_trend_by_viewers_and_are_popular_by_streams(world: World) -> None:
    for slug in ("one", "two", "three", "empty"):
        categories.make(world, slug.title(), slug)
    categories.make(world, "Closed", "closed", is_active=False)
    ids = {slug: categories.by_slug(world, slug).id for slug in ("one", "two", "three", "closed")}
    for _ in range(3):
        streams.end(world, live(world, "x", category_id=ids["one"]))
    live(world, "x", category_id=ids["two"], viewers=7)
    for _ in range(2):
        live(world, "x", category_id=ids["three"], viewers=2)
    live(world, "x", category_id=ids["closed"], viewers=100)

    def slugs(ranked: list[categories.Category]) -> list[str]:
        return [category.slug for category in ranked]

    assert slugs(ranking.trending_categories(world, count=9)) == ["two", "three", "one", "empty"]
    popular, total = ranking.popular_categories(world, count=3)
    assert (slugs(popular), total) == (["one", "three", "two"], 4)
