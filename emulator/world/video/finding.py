"""Finding videos: by words, by meaning, by similarity to a video, by a user's taste.

All formulas are in this file and no model is used: the same data give the same answer.
"""

from collections import Counter

from msgspec import Struct

from emulator.world.discovery import matches
from emulator.world.discovery.matches import Index
from emulator.world.people.accounts import User
from emulator.world.video import lists, meaning, videos
from emulator.world.video.lists import PUBLIC
from emulator.world.video.videos import Video
from emulator.world.world import World

_VIDEOS = Index("videos", {"title": 10.0, "description": 1.0, "tags": 5.0})
# The number of similar videos that are ranked, and of a user's last videos that are used.
_NEAREST_MAX = 1000
_LIKED_MAX = 50
_CANDIDATES_MAX = 200
# The addition to a score (0 to 1) if the user follows the owner, and if the video is popular.
_FOLLOWED, _POPULAR = 0.5, 0.2


class VideoMatch(Struct, frozen=True):
    """A result: a video, its score (0 to 1, higher is better), and the reason."""

    video: Video
    score: float
    reason: str = ""


def by_words(world: World, typed: str, *, offset: int, count: int) -> tuple[list[VideoMatch], int]:
    """Return one page of the public videos that match all typed words, and their total.

    The best come first, of equal ones the oldest. A text without letters and digits finds none; an
    empty text finds all, newest first.
    """
    if not typed.strip():
        newest, total = lists.page(world, None, offset=offset, count=count)
        return [VideoMatch(video, 0.0) for video in newest], total
    relevance, total = matches.page(world, _VIDEOS, typed, [PUBLIC], offset=offset, count=count)
    shown = videos.by_pks(world, relevance)
    return [VideoMatch(video, _share(relevance[video.pk])) for video in shown], total


def by_meaning(
    world: World, typed: str, *, offset: int, count: int
) -> tuple[list[VideoMatch], int]:
    """Return one page of the public videos about the typed subject, in any words (`meaning.py`)."""
    near = _near(world, meaning.stems(typed))
    rows = near[offset : offset + count]
    scores = dict(rows)
    shown = videos.by_pks(world, scores)
    return [VideoMatch(video, scores[video.pk]) for video in shown], len(near)


def related(world: World, video: Video, *, count: int) -> list[VideoMatch]:
    """Return the public videos most similar to this one; if there are too few, popular ones."""
    about = meaning.of(video.title, video.description, video.tags)
    near = [(row, score) for row, score in _near(world, about) if row != video.pk][:count]
    scores = dict(near)
    similar = [VideoMatch(other, scores[other.pk]) for other in videos.by_pks(world, scores)]
    return similar + _filled(world, {video.pk, *scores}, count - len(similar), "")


def recommended(world: World, user: User, *, count: int) -> list[VideoMatch]:
    """Return videos for `user`: similar to liked and watched ones, of followed users, popular.

    The user's own videos, and those watched or liked, are left out.
    """
    known = _known(world, user)
    taste, titles = _taste(world, known[:_LIKED_MAX])
    followed = videos.followed_by(world, user)
    own = world.store.rows("SELECT row FROM videos WHERE user_row = ?", user.pk)
    left_out = {*known, *(row["row"] for row in own)}
    near = [(row, score) for row, score in _near(world, taste) if row not in left_out]
    scores = dict(near[:_CANDIDATES_MAX])
    matches = []
    for video in videos.by_pks(world, scores):
        is_followed = video.user_pk in followed
        score = min(1.0, scores[video.pk] + _FOLLOWED * is_followed)
        reason = "From somebody you follow" if is_followed else _because(video, titles)
        matches.append(VideoMatch(video, round(score, 4), reason))
    matches.sort(key=lambda match: (-match.score, match.video.pk))
    matches = matches[:count]
    shown = left_out | {match.video.pk for match in matches}
    return matches + _filled(world, shown, count - len(matches), "Watched by many")


def _near(world: World, about: Counter[str]) -> list[tuple[int, float]]:
    """Return public videos as pairs (primary key, cosine to `about`), highest first."""
    length = meaning.norm(about)
    dots: Counter[int] = Counter()
    for stem, weight in about.items():
        for row in world.store.rows(
            "SELECT video_row, weight FROM video_stems WHERE stem = ?", stem
        ):
            dots[row["video_row"]] += weight * row["weight"]
    scored = []
    for video_pk, dot in dots.items():
        record = world.store.row(f"SELECT norm FROM videos WHERE row = ? AND {PUBLIC}", video_pk)
        if record is not None and record["norm"]:
            scored.append((video_pk, round(dot / (length * record["norm"]), 4)))
    scored.sort(key=lambda row_score: (-row_score[1], row_score[0]))
    return scored[:_NEAREST_MAX]


def _known(world: World, user: User) -> list[int]:
    """Return the videos that a user liked, then those watched, newest first."""
    liked = world.store.rows(
        "SELECT video_row FROM video_likes WHERE user_row = ? ORDER BY created_at_ms DESC", user.pk
    )
    watched = world.store.rows(
        "SELECT video_row FROM video_viewers WHERE user_row = ? ORDER BY last_at_ms DESC", user.pk
    )
    return list(dict.fromkeys(row["video_row"] for row in [*liked, *watched]))


def _taste(world: World, rows: list[int]) -> tuple[Counter[str], dict[str, str]]:
    """Return the common subject of these videos, and for each tag the title it first occurs in."""
    taste: Counter[str] = Counter()
    titles: dict[str, str] = {}
    for video in videos.by_pks(world, rows):
        taste.update(meaning.of(video.title, video.description, video.tags))
        for tag in video.tags:
            titles.setdefault(tag.casefold(), video.title)
    return Counter(dict(taste.most_common(meaning.STEMS_MAX))), titles


def _because(video: Video, titles: dict[str, str]) -> str:
    for tag in video.tags:
        if tag.casefold() in titles:
            return f"Because you watched “{titles[tag.casefold()]}”"
    return "Like what you watched"


def _filled(world: World, left_out: set[int], count: int, reason: str) -> list[VideoMatch]:
    """Return the most viewed videos that are not in `left_out`."""
    if count <= 0:
        return []
    rows = world.store.rows(
        f"SELECT row, view_count FROM videos WHERE {PUBLIC} ORDER BY view_count DESC, row LIMIT ?",
        count + len(left_out),
    )
    views = {row["row"]: row["view_count"] for row in rows if row["row"] not in left_out}
    popular = videos.by_pks(world, list(views)[:count])
    return [
        VideoMatch(video, round(_POPULAR * _share(views[video.pk]), 4), reason) for video in popular
    ]


def _share(value: float) -> float:
    """Map 0 and above to 0 up to 1 (excluded)."""
    return round(value / (1 + value), 4) if value > 0 else 0.0
