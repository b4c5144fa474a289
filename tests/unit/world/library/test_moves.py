"""Every state change of a VOD that is not in the table is refused without an effect."""

from itertools import product
from typing import get_args

import pytest
from msgspec.structs import replace

from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.world.library import posts, recordings
from emulator.world.library.recordings import LEGAL_MOVES, VodStatus
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World
from tests.unit.world.library.conftest import Record

STATES: tuple[VodStatus, ...] = ("processing", "ready", "failed")
MOVES = list(product(STATES, get_args(VodStatus)))


@pytest.mark.parametrize(("state", "to"), MOVES)
def test_vod_states_follow_the_table(
    world: World, record: Record, heard: list[Event], state: VodStatus, to: VodStatus
) -> None:
    maker = accounts.make(world, "maker", tenant_id="t")
    _, source = record(maker)
    patch = {"cloudflare_video_id": source.uid, "title": "x"}
    vod, _ = posts.upload(world, maker, patch)
    if state != "processing":
        vod = recordings.move(world, vod, state)
    before = list(heard)

    if (state, to) in LEGAL_MOVES:
        assert recordings.move(world, vod, to).status == to
        assert len(heard) == len(before) + 1
        return
    with pytest.raises(Refused) as refused:
        recordings.move(world, vod, to)
    assert refused.value.code == "conflict"
    assert heard == before
    assert recordings.find(world, vod.id) == vod


def test_vod_states_uploads_per_user_are_bounded(
    world: World, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = accounts.make(world, "maker", tenant_id="t")
    _, source = record(maker)
    monkeypatch.setattr(world, "rules", replace(world.rules, vod_uploads_per_user_max=1))
    patch = {"cloudflare_video_id": source.uid, "title": "x"}
    vod, _ = posts.upload(world, maker, patch)

    with pytest.raises(Refused) as refused:
        posts.upload(world, maker, patch)

    assert refused.value.code == "conflict"
    recordings.delete(world, vod)
    posts.upload(world, maker, patch)


def test_vod_states_ready_by_a_client_still_gets_its_duration(
    world: World, ada: User, record: Record
) -> None:
    _, vod = record(ada)
    with world.change():
        world.store.write("UPDATE vods SET status = 'processing', duration_ms = 0")
    called = recordings.move(world, recordings.find(world, vod.id), "ready")
    assert called.duration_ms == 0

    recordings.complete(world, called, 5_000, vod.qualities)

    recording = recordings.find(world, vod.id)
    assert (recording.status, recording.duration_ms) == ("ready", 5_000)


def test_vod_states_failed_or_removed_do_not_come_back(
    world: World, ada: User, record: Record, heard: list[Event]
) -> None:
    _, vod = record(ada)
    with world.change():
        world.store.write("UPDATE vods SET status = 'failed'")
    before = list(heard)

    recordings.complete(world, vod, 5_000, ())
    recordings.give_up(world, vod, "no")
    assert recordings.find(world, vod.id).status == "failed"
    recordings.delete(world, vod)
    after = list(heard)
    recordings.complete(world, vod, 5_000, ())
    recordings.give_up(world, vod, "no")

    assert (heard[:-1], heard) == (before, after)
