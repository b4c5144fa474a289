import pytest

from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.live import PublishRefused
from emulator.world.live import ingest_keys, streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people.accounts import User
from emulator.world.rules import RulesConfig
from emulator.world.world import World


@pytest.fixture
def stream(world: World, ada: User) -> Stream:
    return streams.create(world, ada, StreamPatch({"title": "Launch night"}))


@pytest.mark.parametrize("key", ["", "live_nobody", "x" * 10_000])
def test_ingest_keys_missing_or_unknown_is_refused_and_never_journalled(
    world: World, heard: list[Event], key: str
) -> None:
    with pytest.raises(Refused) as refused:
        ingest_keys.authorize(world, key, is_publishing=False)

    assert refused.value.code == "not_found"
    assert heard == [
        PublishRefused(
            at_ms=world.now_ms, stream_id=None, code="not_found", message=refused.value.message
        )
    ]
    assert not key or key not in refused.value.message


def test_ingest_keys_of_a_waiting_or_running_stream_is_accepted(
    world: World, stream: Stream
) -> None:
    assert ingest_keys.authorize(world, stream.stream_key, is_publishing=False).id == stream.id
    streams.go_live(world, stream.id)
    assert ingest_keys.authorize(world, stream.stream_key, is_publishing=False).id == stream.id


def test_ingest_keys_of_an_ended_stream_is_refused(world: World, stream: Stream) -> None:
    streams.end(world, stream)

    with pytest.raises(Refused, match="ended is final"):
        ingest_keys.authorize(world, stream.stream_key, is_publishing=False)


def test_ingest_keys_second_publisher_is_refused_unless_takeover_is_allowed(
    world: World, stream: Stream
) -> None:
    with pytest.raises(Refused, match="publishing with this key already"):
        ingest_keys.authorize(world, stream.stream_key, is_publishing=True)

    world.rules = RulesConfig(is_takeover_allowed=True)

    assert ingest_keys.authorize(world, stream.stream_key, is_publishing=True).id == stream.id
