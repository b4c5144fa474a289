"""Ranking: which live streams are shown first (docs/reference/discovery.md).

Only public streams that are live are ranked. Who watches is asked of `world.viewers` alone.
"""

import json
from collections.abc import Callable
from typing import Any

from emulator.core.values import dataclass
from emulator.world.audience import attendance
from emulator.world.live import categories, lists
from emulator.world.live.categories import Category
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.world import World

_HOUR_MS = 3_600_000
GROWTH_MS = 30 * 60_000
# A category that is shared counts as much as two shared tags.
_CATEGORY_WEIGHT = 2

_Key = Callable[["_Candidate"], Any]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A live stream, as far as ranking is concerned. `viewers` watch now."""

    viewers: int
    row: int
    user_row: int
    category_row: int | None
    started_at_ms: int
    peak: int

    @property
    def trend(self) -> tuple[int, int, int, int]:
        """More viewers now, then the higher peak, the later start, the newer stream."""
        return self.viewers, self.peak, self.started_at_ms, self.row


def trending(world: World, *, hours: int, count: int) -> tuple[list[Stream], int]:
    """The most watched of the streams that went live in the last `hours`, and how many they are."""
    since_ms = world.now_ms - hours * _HOUR_MS
    candidates = [each for each in _candidates(world) if each.started_at_ms >= since_ms]
    return _best(world, candidates, lambda each: each.trend, count)


def rising(world: World, *, count: int) -> tuple[list[Stream], int]:
    """The streams by how many viewers they won in the last half hour; those that lost some last."""
    attendance.settle_all(world)
    candidates = _candidates(world)
    before = _viewers_at(world, [each.row for each in candidates], world.now_ms - GROWTH_MS)
    growth = {each.row: each.viewers - before.get(each.row, 0) for each in candidates}
    return _best(world, candidates, lambda each: (growth[each.row], *each.trend), count)


def recommended(world: World, user: User, *, count: int) -> tuple[list[Stream], int]:
    """For `user`: of whom they follow, then what has most in common with what they like, then all.

    What somebody likes are the tags and categories of their own streams and of the public ones of
    those whom they follow. Nobody is recommended to themselves.
    """
    candidates = [each for each in _candidates(world) if each.user_row != user.row]
    followed = {
        row["followed_row"]
        for row in world.store.rows(
            "SELECT followed_row FROM follows WHERE follower_row = ?", user.row
        )
    }
    common = _common(world, user, candidates, followed)
    return _best(
        world,
        candidates,
        lambda each: (each.user_row in followed, common[each.row], *each.trend),
        count,
    )


def trending_categories(world: World, *, count: int) -> list[Category]:
    """The active categories that most people watch, then those with most live streams."""
    found = sorted(
        categories.active(world), key=lambda each: (-each.viewer_count, -each.live_count, each.row)
    )
    return found[:count]


def popular_categories(world: World, *, count: int) -> tuple[list[Category], int]:
    """The active categories with most streams ever, then most watched; and how many there are."""
    found = sorted(
        categories.active(world),
        key=lambda each: (-each.stream_count, -each.viewer_count, each.row),
    )
    return found[:count], len(found)


def _candidates(world: World) -> list[_Candidate]:
    rows = world.store.rows(
        "SELECT id, row, user_row, category_row, started_at_ms, peak_viewer_count FROM streams"
        " WHERE visibility = 'public' AND status = 'live'"
    )
    return [
        _Candidate(
            world.viewers.count(row["id"]),
            row["row"],
            row["user_row"],
            row["category_row"],
            row["started_at_ms"],
            attendance.peak(world, row["id"], row["peak_viewer_count"]),
        )
        for row in rows
    ]


def _best(
    world: World, candidates: list[_Candidate], key: _Key, count: int
) -> tuple[list[Stream], int]:
    ranked = sorted(candidates, key=key, reverse=True)
    return lists.by_rows(world, [each.row for each in ranked[:count]]), len(candidates)


def _viewers_at(world: World, stream_rows: list[int], at_ms: int) -> dict[int, int]:
    """How many watched each stream at an instant. One that nobody ever watched is left out."""
    rows = world.store.rows(
        "SELECT json_each.value AS stream_row, (SELECT viewers FROM audience_points"
        " WHERE stream_row = json_each.value AND at_ms <= ? ORDER BY at_ms DESC, row DESC LIMIT 1)"
        " AS viewers FROM json_each(?)",
        at_ms,
        json.dumps(stream_rows),
    )
    return {row["stream_row"]: row["viewers"] or 0 for row in rows}


def _common(
    world: World, user: User, candidates: list[_Candidate], followed: set[int]
) -> dict[int, int]:
    """What each candidate has in common with what `user` likes."""
    liked = """
        SELECT row FROM streams WHERE user_row = ?1
        UNION
        SELECT row FROM streams
        WHERE visibility = 'public' AND user_row IN (SELECT value FROM json_each(?2))
    """
    people = json.dumps(sorted(followed))
    liked_categories = {
        row["category_row"]
        for row in world.store.rows(
            f"SELECT DISTINCT category_row FROM streams WHERE row IN ({liked})"
            " AND category_row IS NOT NULL",
            user.row,
            people,
        )
    }
    shared_tags = world.store.rows(
        "SELECT stream_row, count(*) AS shared FROM stream_tags"
        " WHERE stream_row IN (SELECT value FROM json_each(?3)) AND tag_row IN"
        f" (SELECT tag_row FROM stream_tags WHERE stream_row IN ({liked}))"
        " GROUP BY stream_row",
        user.row,
        people,
        json.dumps([each.row for each in candidates]),
    )
    tags_of = {row["stream_row"]: row["shared"] for row in shared_tags}
    return {
        each.row: tags_of.get(each.row, 0)
        + _CATEGORY_WEIGHT * (each.category_row in liked_categories)
        for each in candidates
    }
