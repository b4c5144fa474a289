from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.chat import ChatCleared, ChatDeleted, ChatPosted
from emulator.world.chat import messages, moderators
from emulator.world.chat.messages import Message
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.rules import RulesConfig
from emulator.world.world import World


@pytest.fixture
def world(clock: ManualClock, heard: list[Event], open_world: Callable[..., World]) -> World:
    rules = RulesConfig(chat_lines_per_minute=0, chat_repeats_max=0)
    return open_world(clock=clock, publish=heard.append, rules=rules)


def say(world: World, stream: Stream, author: User, content: str) -> Message:
    line = messages.post(world, stream.id, author, content)
    assert isinstance(line, ChatPosted)
    return messages.find(world, line.message_id)


def contents(listed: list[Message]) -> list[str]:
    return [message.content for message in listed]


def test_messages_posted_message_is_sent_and_listed(
    world: World, heard: list[Event], stream: Stream, bob: User
) -> None:
    line = messages.post(world, stream.id, bob, "hello")

    assert isinstance(line, ChatPosted)
    assert heard[-1] == line
    assert messages.page(world, stream, None, count=10) == ([messages.as_posted(line)], None)


@pytest.mark.parametrize(("is_vip", "badge"), [(False, "moderator"), (True, "vip")])
def test_messages_badges_are_those_of_the_author_at_the_time(
    world: World, stream: Stream, ada: User, bob: User, is_vip: bool, badge: str
) -> None:
    plain = say(world, stream, bob, "one")
    moderators.add(world, stream, bob, is_vip=is_vip)

    assert messages.find(world, plain.id).badges == ()
    assert say(world, stream, bob, "two").badges == (badge,)
    assert say(world, stream, ada, "three").badges == ("broadcaster",)


def test_messages_of_an_ended_stream_are_read_only(world: World, stream: Stream, bob: User) -> None:
    say(world, stream, bob, "bye")
    streams.end(world, stream)

    with pytest.raises(Refused) as refused:
        messages.post(world, stream.id, bob, "too late")

    assert (refused.value.code, refused.value.details["chat_code"]) == ("conflict", "stream_ended")
    assert contents(messages.page(world, stream, None, count=10)[0]) == ["bye"]


def test_messages_cannot_be_posted_in_a_hidden_room(world: World, ada: User, bob: User) -> None:
    hidden = streams.create(world, ada, StreamPatch({"title": "x", "visibility": "private"}))

    for stream_id in (hidden.id, "nowhere"):
        with pytest.raises(Refused, match="Stream not found"):
            messages.post(world, stream_id, bob, "hello")
    say(world, hidden, ada, "only me")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    data=st.data(),
    gaps_ms=st.lists(st.sampled_from([0, 0, 0, 1, 500]), min_size=1, max_size=40),
    count=st.integers(1, 7),
    way=st.sampled_from(["cursor", "id"]),
)
def test_messages_pages_skip_and_repeat_none_within_one_millisecond(
    open_world: Callable[..., World],
    data: st.DataObject,
    gaps_ms: list[int],
    count: int,
    way: str,
) -> None:
    # Given messages, some in the same millisecond, some deleted, some in another room,
    clock = ManualClock()
    world = open_world(
        clock=clock,
        publish=lambda _: None,
        rules=RulesConfig(chat_lines_per_minute=0, chat_repeats_max=0, streams_per_user=0),
    )
    ada = accounts.make(world, "ada")
    stream, other = (
        streams.create(world, ada, StreamPatch({"title": title})) for title in ("one", "two")
    )
    said = []
    for number, gap_ms in enumerate(gaps_ms):
        clock.advance(gap_ms)
        line = say(world, stream, ada, str(number))
        say(world, other, ada, "elsewhere")
        if data.draw(st.booleans()):
            messages.delete(world, stream, line.id, ada)
        else:
            said.append(line.content)

    # when the history is read page by page, by cursors or by ids,
    read: list[str] = []
    before: str | None = None
    while True:
        listed, cursor = messages.page(world, stream, None, count=count, before=before)
        assert len(listed) == count or cursor is None
        read = contents(listed) + read
        if cursor is None:
            break
        before = cursor if way == "cursor" else listed[0].id

    # then every remaining message comes once, in order.
    assert read == said


def test_messages_time_of_each_form_gives_the_messages_before_it(
    world: World, clock: ManualClock, stream: Stream, ada: User
) -> None:
    for content in ("a", "b", "c"):
        say(world, stream, ada, content)
        clock.advance(1_000)

    def read(before: str) -> list[str]:
        return contents(messages.page(world, stream, None, count=9, before=before)[0])

    assert read("2026-01-01T00:00:02.000Z") == ["a", "b"]
    assert read("2026-01-01T00:00:00") == []
    assert read("2026-01-01T01:00:01.500+01:00") == ["a", "b"]
    assert read("9999-01-01") == ["a", "b", "c"]


def test_messages_time_finds_each_message_of_a_chat_of_any_length(
    open_world: Callable[..., World],
) -> None:
    clock = ManualClock()
    rules = RulesConfig(chat_lines_per_minute=0, chat_repeats_max=0)
    world = open_world(clock=clock, publish=lambda _: None, rules=rules)
    ada = accounts.make(world, "ada")
    stream = streams.create(world, ada, StreamPatch({"title": "one"}))
    began_ms = clock.now_ms()
    for count in range(1, 14):
        say(world, stream, ada, str(count))
        clock.advance(1)
        for after in range(count + 1):
            before = datetime.fromtimestamp((began_ms + after) / 1000, UTC).isoformat()
            listed, _ = messages.page(world, stream, None, count=99, before=before)
            assert len(listed) == after


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    gaps_ms=st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=30),
    at_ms=st.integers(-2, 60),
)
def test_messages_any_time_gives_exactly_the_messages_before_it(
    open_world: Callable[..., World], gaps_ms: list[tuple[int, bool]], at_ms: int
) -> None:
    clock = ManualClock()
    rules = RulesConfig(chat_lines_per_minute=0, chat_repeats_max=0, streams_per_user=0)
    world = open_world(clock=clock, publish=lambda _: None, rules=rules)
    ada = accounts.make(world, "ada")
    rooms = [streams.create(world, ada, StreamPatch({"title": title})) for title in ("one", "two")]
    began_ms, expected = clock.now_ms(), []
    for number, (gap_ms, is_here) in enumerate(gaps_ms):
        clock.advance(gap_ms)
        say(world, rooms[0 if is_here else 1], ada, str(number))
        if is_here and clock.now_ms() - began_ms < at_ms:
            expected.append(str(number))

    before = datetime.fromtimestamp((began_ms + at_ms) / 1000, UTC).isoformat()

    assert contents(messages.page(world, rooms[0], None, count=99, before=before)[0]) == expected


@pytest.mark.parametrize(
    ("before", "code"),
    [
        ("yesterday", "invalid"),
        ("mxyz", "invalid"),
        ("m" + "f" * 16, "invalid"),
        ("00000000-0000-4000-8000-000000000000", "not_found"),
    ],
)
def test_messages_invalid_cursor_is_refused(
    world: World, stream: Stream, before: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        messages.page(world, stream, None, count=1, before=before)

    assert refused.value.code == code


def test_messages_deleted_message_is_visible_to_moderators_only(
    world: World, heard: list[Event], stream: Stream, ada: User, bob: User, cleo: User
) -> None:
    line = say(world, stream, bob, "oops")
    with pytest.raises(Refused, match="moderate"):
        messages.delete(world, stream, line.id, cleo)

    messages.delete(world, stream, line.id, bob)

    assert isinstance(heard[-1], ChatDeleted)
    assert messages.page(world, stream, bob, count=9) == ([], None)
    (message,), _ = messages.page(world, stream, ada, count=9)
    assert (message.content, message.is_deleted) == ("oops", True)
    with pytest.raises(Refused, match="Message not found"):
        messages.delete(world, stream, line.id, bob)


def test_messages_clear_removes_every_message_of_the_room(
    world: World, heard: list[Event], stream: Stream, ada: User, bob: User
) -> None:
    for content in ("a", "b"):
        say(world, stream, bob, content)
    with pytest.raises(Refused, match="moderate"):
        messages.clear(world, stream, bob)

    messages.clear(world, stream, ada)

    assert isinstance(heard[-1], ChatCleared)
    assert messages.page(world, stream, None, count=9) == ([], None)
    assert len(messages.page(world, stream, ada, count=9)[0]) == 2


def test_messages_refused_message_leaves_no_trace(
    world: World, heard: list[Event], stream: Stream, bob: User
) -> None:
    before = list(heard)

    # A batch is one change: it contains the accepted messages and not the refused ones.
    with world.change():
        say(world, stream, bob, "one")
        with pytest.raises(Refused):
            messages.post(world, stream.id, bob, " ")
        say(world, stream, bob, "two")

    assert contents(messages.page(world, stream, None, count=9)[0]) == ["one", "two"]
    assert [type(event) for event in heard[len(before) :]] == [ChatPosted, ChatPosted]


@pytest.mark.parametrize(
    "content", ["'; DROP TABLE messages; --", "<script>alert(1)</script>", "a\0b", "🎥 ü \u202e"]
)
def test_messages_text_comes_back_as_text(
    world: World, stream: Stream, bob: User, content: str
) -> None:
    assert say(world, stream, bob, content).content == content
