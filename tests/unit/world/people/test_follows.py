"""Follows, and their notifications."""

import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.people import UserFollowed, UserUnfollowed
from emulator.world.live import streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts, departures, follows, notifications
from emulator.world.people.accounts import User
from emulator.world.world import World


def again(world: World, user: User) -> User:
    return accounts.find(world, user.id)


def notified(world: World, user: User, *, unread_only: bool = False) -> list[tuple[str, int]]:
    listed, total = notifications.page(world, user, unread_only=unread_only, offset=0, count=100)
    assert total == len(listed)
    return [(notification.type, notification.actor_pk) for notification in listed]


def test_follows_are_counted_listed_and_notified(
    world: World, heard: list[Event], ada: User, bob: User
) -> None:
    follow = follows.follow(world, ada, bob)

    assert (again(world, bob).follower_count, again(world, bob).following_count) == (1, 0)
    assert (again(world, ada).follower_count, again(world, ada).following_count) == (0, 1)
    assert follows.followers(world, bob, offset=0, count=20) == ([again(world, ada)], 1)
    assert follows.following(world, ada, offset=0, count=20) == ([again(world, bob)], 1)
    assert follows.is_following(world, ada, bob)
    assert not follows.is_following(world, bob, ada)
    assert notified(world, bob) == [("new_follower", ada.pk)]
    assert (
        UserFollowed(
            at_ms=world.now_ms, follow_id=follow.id, follower_id=ada.id, followed_id=bob.id
        )
        in heard
    )


def test_follows_removed_are_neither_counted_nor_listed(
    world: World, heard: list[Event], ada: User, bob: User
) -> None:
    follows.follow(world, ada, bob)

    follows.unfollow(world, ada, bob)

    assert again(world, bob).follower_count == again(world, ada).following_count == 0
    assert follows.followers(world, bob, offset=0, count=20) == ([], 0)
    assert isinstance(heard[-1], UserUnfollowed)
    with pytest.raises(Refused) as refused:
        follows.unfollow(world, ada, bob)
    assert refused.value.code == "not_found"


def test_follows_of_oneself_or_twice_are_refused(world: World, ada: User, bob: User) -> None:
    follows.follow(world, ada, bob)

    for followed, code in ((ada, "bad_request"), (bob, "conflict")):
        with pytest.raises(Refused) as refused:
            follows.follow(world, ada, followed)
        assert refused.value.code == code
    assert again(world, bob).follower_count == 1


def test_follows_add_to_the_base_number(world: World, ada: User) -> None:
    star = accounts.make(world, "star", followers_base=1000)

    follows.follow(world, ada, star)

    assert again(world, star).follower_count == 1001
    assert follows.followers(world, star, offset=0, count=20)[1] == 1


def test_follows_lists_are_paged_newest_first(world: World, ada: User) -> None:
    fans = [accounts.make(world, f"fan{number}") for number in range(5)]
    for fan in fans:
        follows.follow(world, fan, ada)

    names = [
        [user.username for user in follows.followers(world, ada, offset=offset, count=2)[0]]
        for offset in (0, 2, 4, 6)
    ]

    assert names == [["fan4", "fan3"], ["fan2", "fan1"], ["fan0"], []]


def test_follows_of_a_deleted_account_are_in_no_count_or_list(
    world: World, ada: User, bob: User
) -> None:
    follows.follow(world, ada, bob)
    follows.follow(world, bob, ada)

    departures.delete(world, again(world, ada))

    assert (again(world, bob).follower_count, again(world, bob).following_count) == (0, 0)
    assert follows.followers(world, bob, offset=0, count=20) == ([], 0)
    assert notified(world, bob) == []


def test_follows_notify_once_when_a_public_stream_goes_live(
    world: World, ada: User, bob: User
) -> None:
    follows.follow(world, ada, bob)
    stream = streams.create(world, bob, StreamPatch({"title": "x"}))
    assert notified(world, ada) == []

    streams.start(world, stream)
    streams.go_live(world, stream.id)

    assert notified(world, ada) == [("stream_live", bob.pk)]
    listed, _ = notifications.page(world, ada, unread_only=False, offset=0, count=20)
    assert listed[0].stream_id == stream.id


@pytest.mark.parametrize("visibility", ["private", "unlisted"])
def test_follows_do_not_notify_of_private_streams(
    world: World, ada: User, bob: User, visibility: str
) -> None:
    follows.follow(world, ada, bob)

    streams.start(
        world, streams.create(world, bob, StreamPatch({"title": "x"} | {"visibility": visibility}))
    )

    assert notified(world, ada) == []


def test_follows_read_notification_is_no_longer_unread(
    world: World, clock: ManualClock, ada: User, bob: User
) -> None:
    cleo = accounts.make(world, "cleo")
    for follower in (bob, cleo):
        follows.follow(world, follower, ada)
        clock.advance(1000)
    newest, oldest = notifications.page(world, ada, unread_only=False, offset=0, count=20)[0]
    assert (newest.actor_pk, oldest.actor_pk) == (cleo.pk, bob.pk)

    assert notifications.read(world, ada, newest.id).is_read

    assert notified(world, ada, unread_only=True) == [("new_follower", bob.pk)]
    assert notifications.unread_count(world, ada) == 1
    assert notifications.read(world, ada, newest.id).is_read
    assert notifications.read_all(world, ada) == 1
    assert notifications.read_all(world, ada) == 0
    assert notified(world, ada, unread_only=True) == []
    assert len(notified(world, ada)) == 2


def test_follows_notifications_of_others_are_unreadable(world: World, ada: User, bob: User) -> None:
    follows.follow(world, bob, ada)
    (notification,) = notifications.page(world, ada, unread_only=False, offset=0, count=20)[0]

    unread = ((bob, notification.id, "forbidden"), (ada, "nothing", "not_found"))
    for user, notification_id, code in unread:
        with pytest.raises(Refused) as refused:
            notifications.read(world, user, notification_id)
        assert refused.value.code == code
    assert notifications.unread_count(world, ada) == 1
