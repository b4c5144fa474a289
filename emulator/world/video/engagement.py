"""Engagement: a video's views, watch times and likes.

The figures are updated at each view, so reading them costs the same for ten views and for a
million.
"""

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.video import VideoLiked, VideoUnliked, VideoViewed
from emulator.world.people.accounts import User
from emulator.world.video import videos
from emulator.world.video.videos import Video
from emulator.world.world import World

# A view of at least this share counts as complete: the remainder is credits.
COMPLETED_SHARE = 0.95
# The most points of a retention curve.
POINTS_MAX = 100


class Engagement(Struct, frozen=True):
    """Figures of one video. `completion_rate` is 0 to 1; `retention` holds (second, percentage).

    Each view without an account counts as one viewer, since such views cannot be distinguished.
    """

    views: int
    unique_viewers: int
    average_watch_seconds: float
    completion_rate: float
    likes: int
    retention: tuple[tuple[int, float], ...]

    @property
    def score(self) -> float:
        """The score, 0 to 100: two thirds the completion rate, one third the likes per viewer."""
        liked = min(1.0, self.likes / self.unique_viewers) if self.unique_viewers else 0.0
        return round(100 * (2 * self.completion_rate + liked) / 3, 2)


def view(world: World, video: Video, viewer: User | None, watch_ms: int) -> Video:
    """Count one view. `watch_ms` counts up to the length of the video.

    Refuses (`conflict`) a video that is not ready.
    """
    if video.status != "ready":
        raise Refused("conflict", f"Video is {video.status}: nobody can watch it")
    watch_ms = min(watch_ms, video.duration_ms)
    is_completed = watch_ms >= COMPLETED_SHARE * video.duration_ms
    now_ms = world.now_ms
    with world.change():
        world.store.write(
            "UPDATE videos SET view_count = view_count + 1, watch_ms = watch_ms + ?,"
            " completed_count = completed_count + ?, anonymous_count = anonymous_count + ?"
            " WHERE row = ?",
            watch_ms,
            is_completed,
            viewer is None,
            video.pk,
        )
        world.store.write(
            "INSERT INTO video_stays VALUES (?, ?, 1)"
            " ON CONFLICT DO UPDATE SET views = views + excluded.views",
            video.pk,
            watch_ms // 1000,
        )
        if viewer is not None:
            world.store.write(
                "INSERT INTO video_viewers VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET last_at_ms = excluded.last_at_ms",
                video.pk,
                viewer.pk,
                now_ms,
            )
        world.emit(
            VideoViewed(
                at_ms=now_ms,
                video_id=video.id,
                user_id=viewer.id if viewer else None,
                watch_ms=watch_ms,
            )
        )
    return videos.find(world, video.id)


def like(world: World, video: Video, user: User) -> Video:
    """Like a video. Refuses (`conflict`) a user that already likes it."""
    if _likes(world, video, user):
        raise Refused("conflict", "You already like this video")
    with world.change():
        world.store.write(
            "INSERT INTO video_likes VALUES (?, ?, ?)", video.pk, user.pk, world.now_ms
        )
        world.emit(VideoLiked(at_ms=world.now_ms, video_id=video.id, user_id=user.id))
    return videos.find(world, video.id)


def unlike(world: World, video: Video, user: User) -> None:
    """Remove a like. Refuses (`not_found`) a user that does not like the video."""
    if not _likes(world, video, user):
        raise Refused("not_found", "You do not like this video")
    with world.change():
        world.store.write(
            "DELETE FROM video_likes WHERE video_row = ? AND user_row = ?", video.pk, user.pk
        )
        world.emit(VideoUnliked(at_ms=world.now_ms, video_id=video.id, user_id=user.id))


def of(world: World, video: Video) -> Engagement:
    """Return a video's current figures."""
    row = world.store.row("SELECT * FROM videos WHERE row = ?", video.pk)
    assert row is not None
    views = row["view_count"]
    known = world.store.number("SELECT count(*) FROM video_viewers WHERE video_row = ?", video.pk)
    return Engagement(
        views=views,
        unique_viewers=row["anonymous_count"] + known,
        average_watch_seconds=round(row["watch_ms"] / views / 1000, 3) if views else 0.0,
        completion_rate=round(row["completed_count"] / views, 4) if views else 0.0,
        likes=row["like_count"],
        retention=_retention(world, video, views),
    )


def _retention(world: World, video: Video, views: int) -> tuple[tuple[int, float], ...]:
    """Return the percentage of views that lasted to each second (each nth of a long video)."""
    seconds = video.duration_ms // 1000
    step = max(1, -(-seconds // POINTS_MAX))
    stays = {
        row["seconds"]: row["views"]
        for row in world.store.rows(
            "SELECT seconds, views FROM video_stays WHERE video_row = ?", video.pk
        )
    }
    points, left, at = [], views, 0
    for second in range(0, seconds + 1, step):
        while at < second:
            left -= stays.get(at, 0)
            at += 1
        points.append((second, round(100 * left / views, 2) if views else 0.0))
    return tuple(points)


def _likes(world: World, video: Video, user: User) -> bool:
    row = world.store.row(
        "SELECT 1 FROM video_likes WHERE video_row = ? AND user_row = ?", video.pk, user.pk
    )
    return row is not None
