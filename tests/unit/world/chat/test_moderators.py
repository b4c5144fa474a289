import pytest

from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.chat import ModeratorAdded, ModeratorChanged, ModeratorRemoved
from emulator.world.chat import moderators, rooms
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.world import World


def test_moderators_ranks_follow_the_list(
    world: World, heard: list[Event], stream: Stream, ada: User, bob: User
) -> None:
    entry = moderators.add(world, stream, bob, is_vip=False)
    assert rooms.rank_of(world, stream, bob) == "moderator"

    entry = moderators.change(world, stream, entry, is_vip=True)
    assert rooms.rank_of(world, stream, bob) == "vip"
    assert moderators.change(world, stream, entry, is_vip=True) == entry
    assert moderators.of(world, stream) == [entry]

    moderators.remove(world, stream, entry)
    assert rooms.rank_of(world, stream, bob) == "viewer"
    assert rooms.rank_of(world, stream, None) == "viewer"
    assert rooms.rank_of(world, stream, ada) == "broadcaster"
    assert [type(event) for event in heard[-3:]] == [
        ModeratorAdded,
        ModeratorChanged,
        ModeratorRemoved,
    ]


def test_moderators_list_has_nobody_twice_and_never_the_owner(
    world: World, stream: Stream, ada: User, bob: User
) -> None:
    moderators.add(world, stream, bob, is_vip=True)

    for target in (bob, ada):
        with pytest.raises(Refused) as refused:
            moderators.add(world, stream, target, is_vip=False)
        assert refused.value.code == "conflict"


def test_moderators_unknown_entry_is_not_found(world: World, stream: Stream) -> None:
    with pytest.raises(Refused, match="Moderator not found"):
        moderators.find(world, stream, "nobody")
