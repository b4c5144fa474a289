"""Several VODs with the same media: what is deleted with which of them."""

import pytest

from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.library import VodDeleted
from emulator.world.library import posts, recordings, removal
from emulator.world.library.recordings import Vod
from emulator.world.live import streams
from emulator.world.people import accounts, departures
from emulator.world.people.accounts import User
from emulator.world.video import videos
from emulator.world.video.media import VideoFootage
from emulator.world.world import World
from tests.unit.world.library.conftest import Record

FILM = VideoFootage("f" * 32, "mp4", 320, 180, 2_000, 9_999)


@pytest.fixture
def maker(world: World) -> User:
    return accounts.make(world, "maker", tenant_id="t")


@pytest.fixture
def other(world: World) -> User:
    return accounts.make(world, "other", tenant_id="t")


def show(world: World, user: User, uid: str) -> Vod:
    """A VOD of this user with existing media."""
    vod, _ = posts.upload(world, user, {"cloudflare_video_id": uid, "title": "x"})
    return vod


def is_there(world: World, vod: Vod) -> bool:
    try:
        return recordings.find(world, vod.id).id == vod.id
    except Refused:
        return False


def media_gone(heard: list[Event]) -> set[str]:
    return {uid for event in heard if isinstance(event, VodDeleted) for uid in event.uids}


def test_shared_media_stays_as_long_as_its_owner_shows_it(
    world: World, maker: User, other: User, record: Record, heard: list[Event]
) -> None:
    stream, vod = record(maker)
    mine, theirs = show(world, maker, stream.uid), show(world, other, vod.uid)

    recordings.delete(world, vod)
    assert is_there(world, mine)
    assert is_there(world, theirs)
    assert media_gone(heard) == set()
    recordings.delete(world, mine)

    assert not is_there(world, theirs)
    assert media_gone(heard) == {stream.uid}


def test_shared_media_copy_of_others_removes_nothing_with_it(
    world: World, maker: User, other: User, record: Record, heard: list[Event]
) -> None:
    _, vod = record(maker)

    recordings.delete(world, show(world, other, vod.uid))

    assert is_there(world, vod)
    assert media_gone(heard) == set()


def test_shared_media_account_removal_removes_copies_of_others(
    world: World, maker: User, other: User, record: Record, heard: list[Event]
) -> None:
    stream, _ = record(maker)
    other_stream, of_other = record(maker)
    mine = show(world, maker, stream.uid)
    theirs = [show(world, other, uid) for uid in (stream.uid, other_stream.uid)]
    removal.delete_stream(world, streams.find(world, other_stream.id))
    assert is_there(world, of_other)

    departures.delete(world, maker)

    assert not any(is_there(world, vod) for vod in (mine, of_other, *theirs))
    assert media_gone(heard) == {stream.uid, other_stream.uid}


def test_shared_media_video_removal_removes_copies_of_others(
    world: World, maker: User, other: User
) -> None:
    video = videos.create(world, maker, {"title": "x"}, FILM)
    videos.show(world, video, FILM)
    mine, theirs = show(world, maker, FILM.uid), show(world, other, FILM.uid)

    videos.delete(world, videos.find(world, video.id))

    assert is_there(world, mine)
    assert not is_there(world, theirs)
