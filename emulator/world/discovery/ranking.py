"""Ranking: which live streams are shown first (docs/reference/discovery.md).

Only public live streams are ranked. Viewer counts come from `attendance`. On a large platform most
streams have no viewers: an index gives the first of those, and the others are not read.
"""

import heapq
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from emulator.world.audience import attendance
from emulator.world.live import categories, lists
from emulator.world.live.categories import Category
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.world import World

_HOUR_MS = 3_600_000
GROWTH_MS = 30 * 60_000
# A shared category counts as much as two shared tags.
_CATEGORY_WEIGHT = 2

# The index is named because SQLite does not know how few of a million streams are in it.
_BY_RANK = "streams INDEXED BY streams_ranked"
_AMONG = "json_each(?) CROSS JOIN streams ON streams.id = value"
# This many of the most watched streams are read at a time.
_CHUNK = 200

_Key = Callable[["_Candidate"], Any]


class _Candidate(Struct, frozen=True):
    """The properties of a live stream that ranking needs. `viewers` is the current number."""

    viewers: int
    pk: int
    user_pk: int
    category_pk: int | None
    started_at_ms: int
    peak: int

    @property
    def trend(self) -> tuple[int, int, int, int]:
        """The sort key: current viewers, then the peak, then the start, then the newer stream."""
        return self.viewers, self.peak, self.started_at_ms, self.pk


def trending(world: World, *, hours: int, count: int) -> tuple[list[Stream], int]:
    """Return the most watched streams that went live in the last `hours`, and their total."""
    since_ms = world.now_ms - hours * _HOUR_MS
    present = attendance.present(world)
    candidates = _most_watched(world, present, since_ms, count)
    if len(candidates) < count or not candidates[count - 1].viewers:
        candidates += _unwatched(world, present, "started_at_ms >= ?", since_ms, count=count)
    return _best(world, candidates, lambda candidate: candidate.trend, count), _total(
        world, since_ms
    )


def rising(world: World, *, count: int) -> tuple[list[Stream], int]:
    """Return streams by the change of their viewers in the last half hour, highest first."""
    attendance.settle_all(world)
    present = attendance.present(world)
    ever = _candidates(world, present, f"{_BY_RANK} WHERE is_ranked AND peak_viewer_count > 0")
    ever += _candidates(
        world, present, f"{_AMONG} WHERE is_ranked AND peak_viewer_count = 0", _json(present)
    )
    before = _viewers_at(world, [candidate.pk for candidate in ever], world.now_ms - GROWTH_MS)
    growth = {candidate.pk: candidate.viewers - before.get(candidate.pk, 0) for candidate in ever}
    never = _unwatched(world, present, "peak_viewer_count = 0", count=count)
    ranked = _best(
        world,
        ever + never,
        lambda candidate: (growth.get(candidate.pk, 0), *candidate.trend),
        count,
    )
    return ranked, _total(world, 0)


def recommended(world: World, user: User, *, count: int) -> tuple[list[Stream], int]:
    """Return streams for `user`: of followed accounts first, then the most in common, then all.

    A user's taste is the tags and categories of their own streams and of the public ones of
    accounts they follow. Their own streams are left out.
    """
    present = attendance.present(world)
    # All public live streams; with this condition SQLite uses the right index.
    candidates = _candidates(
        world,
        present,
        "streams WHERE visibility = 'public' AND status = 'live' AND user_row <> ?",
        user.pk,
    )
    followed = {
        row["followed_row"]
        for row in world.store.rows(
            "SELECT followed_row FROM follows WHERE follower_row = ?", user.pk
        )
    }
    common = _common(world, user, candidates, followed)
    ranked = _best(
        world,
        candidates,
        lambda candidate: (candidate.user_pk in followed, common[candidate.pk], *candidate.trend),
        count,
    )
    return ranked, len(candidates)


def trending_categories(world: World, *, count: int) -> list[Category]:
    """Return the active categories with the most viewers, equal ones by live streams."""
    ranked = sorted(
        categories.active(world),
        key=lambda category: (-category.viewer_count, -category.live_count, category.pk),
    )
    return ranked[:count]


def popular_categories(world: World, *, count: int) -> tuple[list[Category], int]:
    """Return the active categories with the most streams of all time, and their total.

    Equal ones are sorted by viewers.
    """
    ranked = sorted(
        categories.active(world),
        key=lambda category: (-category.stream_count, -category.viewer_count, category.pk),
    )
    return ranked[:count], len(ranked)


def _candidates(
    world: World, present: Mapping[str, int], source: str, *values: object
) -> list[_Candidate]:
    """Return the streams of an SQL source, in its order."""
    rows = world.store.rows(
        "SELECT streams.id, streams.row, user_row, category_row, started_at_ms, peak_viewer_count"
        f" FROM {source}",
        *values,
    )
    return [
        _Candidate(
            present.get(row["id"], 0),
            row["row"],
            row["user_row"],
            row["category_row"],
            row["started_at_ms"],
            attendance.peak(world, row["id"], row["peak_viewer_count"]),
        )
        for row in rows
    ]


def _most_watched(
    world: World, present: Mapping[str, int], since_ms: int, count: int
) -> list[_Candidate]:
    """Return the `count` streams with the most viewers, and those equal to the last of them."""
    ids = sorted(present, key=lambda stream_id: -present[stream_id])
    candidates: list[_Candidate] = []
    for begin in range(0, len(ids), _CHUNK):
        if len(candidates) >= count and present[ids[begin]] < candidates[count - 1].viewers:
            break
        chunk = _candidates(
            world,
            present,
            f"{_AMONG} WHERE is_ranked AND started_at_ms >= ?",
            _json(ids[begin : begin + _CHUNK]),
            since_ms,
        )
        candidates += sorted(chunk, key=lambda candidate: -candidate.viewers)
    return candidates


def _unwatched(
    world: World, present: Mapping[str, int], where: str, *values: object, count: int
) -> list[_Candidate]:
    """Return the first by peak of the streams without viewers since they or the world began."""
    return _candidates(
        world,
        present,
        f"{_BY_RANK} WHERE is_ranked AND {where} AND id NOT IN (SELECT value FROM json_each(?))"
        " ORDER BY peak_viewer_count DESC, started_at_ms DESC, streams.row DESC LIMIT ?",
        *values,
        _json(present),
        count,
    )


def _total(world: World, since_ms: int) -> int:
    return world.store.number(
        "SELECT count(*) FROM streams INDEXED BY streams_ranked_since"
        " WHERE is_ranked AND started_at_ms >= ?",
        since_ms,
    )


def _best(world: World, candidates: list[_Candidate], key: _Key, count: int) -> list[Stream]:
    ranked = heapq.nlargest(count, candidates, key)
    return lists.by_pks(world, [candidate.pk for candidate in ranked])


def _json(ids: Iterable[str]) -> str:
    return json.dumps(list(ids))


def _viewers_at(world: World, stream_pks: list[int], at_ms: int) -> dict[int, int]:
    """Return the viewers of each stream at a time (ms), without streams that never had any."""
    rows = world.store.rows(
        "SELECT json_each.value AS stream_row, (SELECT viewers FROM audience_points"
        " WHERE stream_row = json_each.value AND at_ms <= ? ORDER BY at_ms DESC, row DESC LIMIT 1)"
        " AS viewers FROM json_each(?)",
        at_ms,
        json.dumps(stream_pks),
    )
    return {row["stream_row"]: row["viewers"] or 0 for row in rows}


def _common(
    world: World, user: User, candidates: list[_Candidate], followed: set[int]
) -> dict[int, int]:
    """Return how much each candidate has in common with the taste of `user`."""
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
            user.pk,
            people,
        )
    }
    shared_tags = world.store.rows(
        "SELECT stream_row, count(*) AS shared FROM stream_tags"
        " WHERE stream_row IN (SELECT value FROM json_each(?3)) AND tag_row IN"
        f" (SELECT tag_row FROM stream_tags WHERE stream_row IN ({liked}))"
        " GROUP BY stream_row",
        user.pk,
        people,
        json.dumps([candidate.pk for candidate in candidates]),
    )
    tags_of = {row["stream_row"]: row["shared"] for row in shared_tags}
    return {
        candidate.pk: tags_of.get(candidate.pk, 0)
        + _CATEGORY_WEIGHT * (candidate.category_pk in liked_categories)
        for candidate in candidates
    }
