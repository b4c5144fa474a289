"""Renditions of recordings: the allowed sizes, and their states."""

import pytest

from emulator.core.errors import Refused
from emulator.world.library import recordings, renditions
from emulator.world.library.renditions import WAITING_MAX
from emulator.world.people.accounts import User
from emulator.world.world import World
from tests.unit.world.library.conftest import Record


def test_renditions_failed_is_made_again_and_existing_is_not(
    world: World, ada: User, record: Record
) -> None:
    _, vod = record(ada)
    renditions.request(world, vod, ["480p", "144p", "480p"])
    first, second = renditions.of(world, vod)
    assert [
        (rendition.name, rendition.width, rendition.height) for rendition in (first, second)
    ] == [
        ("480p", 854, 480),
        ("144p", 256, 144),
    ]
    renditions.fail(world, second.uid, "no")

    renditions.request(world, vod, ["480p", "144p"])

    again = renditions.of(world, vod)
    assert again[0] == first
    assert (again[1].status, again[1].uid == second.uid) == ("queued", False)


@pytest.mark.parametrize("name", ["720p", "1080p", "481p", "source", ""])
def test_renditions_no_smaller_than_the_source_is_refused(
    world: World, ada: User, record: Record, name: str
) -> None:
    _, vod = record(ada)

    with pytest.raises(Refused) as refused:
        renditions.request(world, vod, ["144p", name])

    assert refused.value.code == "invalid"
    assert renditions.of(world, vod) == []


def test_renditions_waiting_are_bounded(world: World, ada: User, record: Record) -> None:
    names = ["144p", "240p", "360p", "480p"]
    for _ in range(WAITING_MAX // len(names)):
        renditions.request(world, record(ada)[1], names)
    _, vod = record(ada)

    with pytest.raises(Refused) as refused:
        renditions.request(world, vod, ["144p"])

    assert refused.value.code == "unavailable"


def test_renditions_need_a_ready_vod(world: World, ada: User, record: Record) -> None:
    _, vod = record(ada)
    with world.change():
        world.store.write("UPDATE vods SET status = 'processing'")

    with pytest.raises(Refused) as refused:
        renditions.request(world, recordings.find(world, vod.id), ["144p"])

    assert refused.value.code == "conflict"


def test_renditions_are_removed_with_their_vod(world: World, ada: User, record: Record) -> None:
    _, vod = record(ada)
    renditions.request(world, vod, ["144p"])
    [rendition] = renditions.of(world, vod)

    recordings.delete(world, vod)

    for act in (renditions.find, renditions.start):
        with pytest.raises(Refused):
            act(world, rendition.uid)
    with pytest.raises(Refused):
        renditions.finish(world, rendition.uid, (2, 2), 1)
    assert renditions.unfinished(world) == []
