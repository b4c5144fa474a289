import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.chat import ChatBanned, ChatUnbanned, ModeratorRemoved
from emulator.world.chat import bans, moderators
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.world import World


def test_bans_record_moderator_user_reason_and_end(
    world: World, heard: list[Event], stream: Stream, ada: User, bob: User
) -> None:
    ban = bans.add(world, stream, ada, bob, reason="rude", duration_seconds=600)

    assert (ban.user_pk, ban.created_by_pk, ban.reason) == (bob.pk, ada.pk, "rude")
    assert ban.expires_at_ms == world.now_ms + 600_000
    assert bans.active(world, stream, ada) == ([ban], 1)
    event = heard[-1]
    assert isinstance(event, ChatBanned)
    assert (event.user_id, event.expires_at_ms) == (bob.id, ban.expires_at_ms)


def test_bans_new_ban_replaces_the_old_one(
    world: World, clock: ManualClock, stream: Stream, ada: User, bob: User
) -> None:
    bans.add(world, stream, ada, bob, duration_seconds=1)

    ban = bans.add(world, stream, ada, bob, reason="for good")

    clock.advance(5_000)
    assert bans.active(world, stream, ada) == ([ban], 1)


def test_bans_lifted_ban_is_gone(
    world: World, heard: list[Event], stream: Stream, ada: User, bob: User
) -> None:
    bans.add(world, stream, ada, bob)
    bans.lift(world, stream, ada, bob)

    assert isinstance(heard[-1], ChatUnbanned)
    assert bans.active(world, stream, ada) == ([], 0)
    with pytest.raises(Refused, match="not banned"):
        bans.lift(world, stream, ada, bob)


def test_bans_users_without_a_role_cannot_ban(
    world: World, stream: Stream, bob: User, cleo: User
) -> None:
    moderators.add(world, stream, bob, is_vip=True)

    with pytest.raises(Refused, match="Not authorized"):
        bans.add(world, stream, bob, cleo)
    with pytest.raises(Refused, match="Not authorized"):
        bans.lift(world, stream, cleo, bob)
    with pytest.raises(Refused, match="Not authorized"):
        bans.active(world, stream, bob)


def test_bans_moderator_cannot_ban_owner_or_moderator(
    world: World, stream: Stream, ada: User, bob: User, cleo: User
) -> None:
    for user in (bob, cleo):
        moderators.add(world, stream, user, is_vip=False)

    for target in (ada, cleo, bob):
        with pytest.raises(Refused) as refused:
            bans.add(world, stream, bob, target)
        assert refused.value.code == "forbidden"
    with pytest.raises(Refused, match="owner"):
        bans.add(world, stream, ada, ada)


def test_bans_owner_ban_removes_the_moderator_role(
    world: World, heard: list[Event], stream: Stream, ada: User, bob: User
) -> None:
    moderators.add(world, stream, bob, is_vip=False)

    bans.add(world, stream, ada, bob)

    assert moderators.of(world, stream) == []
    assert [type(event) for event in heard[-2:]] == [ModeratorRemoved, ChatBanned]
    with pytest.raises(Refused, match="Lift the ban first"):
        moderators.add(world, stream, bob, is_vip=False)


def test_bans_outlive_the_account_of_the_moderator(
    world: World, stream: Stream, ada: User, bob: User, cleo: User
) -> None:
    moderators.add(world, stream, cleo, is_vip=False)
    bans.add(world, stream, cleo, bob)

    with world.change():
        world.store.write("DELETE FROM users WHERE row = ?", cleo.pk)

    ((ban,), _) = bans.active(world, stream, ada)
    assert (ban.user_pk, ban.created_by_pk) == (bob.pk, None)
