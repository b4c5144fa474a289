from contextlib import closing
from typing import Any

import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.chat import ChatHeld, ChatPosted
from emulator.world.chat import bans, messages, moderators, settings
from emulator.world.faults.reading import read
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.rules import RulesConfig
from emulator.world.world import World
from tests.support.tables import table


def post(world: World, stream: Stream, author: User, content: str = "hello") -> Event:
    return messages.post(world, stream.id, author, content)


def refusal(world: World, stream: Stream, author: User, content: str = "hello") -> Refused:
    with pytest.raises(Refused) as refused:
        post(world, stream, author, content)
    return refused.value


def asked(world: World, stream: Stream, ada: User, **patch: Any) -> None:
    settings.change(world, stream, ada, patch)


def test_moderation_slow_mode_refuses_second_message_until_its_time(
    world: World, clock: ManualClock, stream: Stream, ada: User, bob: User, cleo: User
) -> None:
    # Given a room in slow mode where bob has just posted,
    asked(world, stream, ada, slow_mode_seconds=10)
    post(world, stream, bob)

    # when he posts again after 5.8 seconds,
    clock.advance(5_800)
    refused = refusal(world, stream, bob)

    # then the error says how long to wait, others need not wait, and later he may post.
    assert (refused.code, refused.details["chat_code"]) == ("rate_limited", "slow_mode")
    assert (refused.details["wait_ms"], refused.details["retry_after_seconds"]) == (4_200, 5)
    post(world, stream, cleo)
    clock.advance(4_200)
    post(world, stream, bob)


def test_moderation_slow_mode_holds_for_viewers_only(
    world: World, stream: Stream, ada: User, bob: User, cleo: User
) -> None:
    asked(world, stream, ada, slow_mode_seconds=10)
    moderators.add(world, stream, bob, is_vip=True)
    moderators.add(world, stream, cleo, is_vip=False)

    for author in (ada, bob, cleo):
        for content in ("one", "two"):
            assert isinstance(post(world, stream, author, content), ChatPosted)


@pytest.mark.parametrize("content", ["", " ", "\n\t\u2003"])
def test_moderation_empty_message_is_refused(
    world: World, stream: Stream, bob: User, content: str
) -> None:
    assert refusal(world, stream, bob, content).details["chat_code"] == "empty_message"


def test_moderation_message_length_is_bounded_by_the_room(
    world: World, stream: Stream, ada: User, bob: User
) -> None:
    post(world, stream, bob, "ü" * 500)
    assert refusal(world, stream, bob, "x" * 501).details["chat_code"] == "message_too_long"

    asked(world, stream, ada, length_max=4000)

    post(world, stream, bob, "x" * 4000)


def test_moderation_banned_user_cannot_post(
    world: World, clock: ManualClock, stream: Stream, ada: User, bob: User
) -> None:
    bans.add(world, stream, ada, bob)
    refused = refusal(world, stream, bob)
    assert (refused.code, refused.details["chat_code"]) == ("forbidden", "banned")

    clock.advance(10**9)
    assert refusal(world, stream, bob).details["chat_code"] == "banned"
    bans.lift(world, stream, ada, bob)

    post(world, stream, bob)


def test_moderation_timeout_ends_by_itself(
    world: World, clock: ManualClock, stream: Stream, ada: User, bob: User
) -> None:
    bans.add(world, stream, ada, bob, duration_seconds=60)
    clock.advance(59_000)
    refused = refusal(world, stream, bob)
    assert (refused.details["chat_code"], refused.details["wait_ms"]) == ("timed_out", 1_000)

    clock.advance(1_000)

    post(world, stream, bob)
    assert bans.active(world, stream, ada) == ([], 0)


def test_moderation_emote_only_mode_refuses_words(
    world: World, stream: Stream, ada: User, bob: User
) -> None:
    asked(world, stream, ada, is_emote_only=True)

    assert refusal(world, stream, bob).details["chat_code"] == "emote_only"
    post(world, stream, bob, ":wave: 🎥")
    post(world, stream, ada, "words")


@pytest.mark.parametrize(
    ("patch", "content"),
    [
        ({"blocked_words": ("spoiler",)}, "a SPOILER"),
        ({"are_links_allowed": False}, "see example.com"),
        ({"is_ai_moderated": True}, "WHY IS NOBODY ANSWERING"),
    ],
)
def test_moderation_filter_holds_message_from_view(
    world: World,
    heard: list[Event],
    stream: Stream,
    ada: User,
    bob: User,
    patch: Any,
    content: str,
) -> None:
    assert isinstance(post(world, stream, bob, content), ChatPosted)
    asked(world, stream, ada, **patch)

    held = post(world, stream, bob, content)

    assert isinstance(held, ChatHeld)
    assert heard[-1] == held
    assert len(messages.page(world, stream, None, count=9)[0]) == 1
    assert isinstance(post(world, stream, ada, content), ChatPosted)


def test_moderation_repeated_message_is_held(
    world: World, stream: Stream, bob: User, cleo: User
) -> None:
    for content in ("buy", "BUY", "Buy", "buy", "bUy"):
        assert isinstance(post(world, stream, bob, content), ChatPosted)
    assert isinstance(post(world, stream, bob, "buy"), ChatHeld)

    assert isinstance(post(world, stream, cleo, "buy"), ChatPosted)
    assert isinstance(post(world, stream, bob, "something else"), ChatPosted)
    assert isinstance(post(world, stream, bob, "buy"), ChatPosted)


def test_moderation_message_repeated_later_is_accepted(
    world: World, clock: ManualClock, stream: Stream, bob: User
) -> None:
    for _ in range(10):
        assert isinstance(post(world, stream, bob, "hello"), ChatPosted)
        clock.advance(7_000)


def test_moderation_messages_per_minute_are_bounded(
    world: World, clock: ManualClock, stream: Stream, ada: User, bob: User
) -> None:
    world.rules = RulesConfig(chat_lines_per_minute=3, chat_repeats_max=0)
    for _ in range(3):
        post(world, stream, bob)
        clock.advance(1_000)

    # The refused message counts too: a minute later the second one is the oldest.
    refused = refusal(world, stream, bob)

    assert (refused.code, refused.details["retry_after_seconds"]) == ("rate_limited", 58)
    for _ in range(9):
        post(world, stream, ada)
    clock.advance(60_000)
    post(world, stream, bob)


def test_moderation_followers_only_mode_refuses_others(
    world: World, stream: Stream, ada: User, bob: User, cleo: User
) -> None:
    if "follows" not in world.store.columns():
        pytest.skip("nobody follows anybody yet")
    asked(world, stream, ada, is_followers_only=True)
    assert refusal(world, stream, bob).details["chat_code"] == "followers_only"

    with world.change():
        world.store.write(
            "INSERT INTO follows (id, follower_row, followed_row, created_at_ms)"
            " VALUES ('f', ?, ?, 0)",
            bob.pk,
            ada.pk,
        )
    moderators.add(world, stream, cleo, is_vip=True)

    for author in (ada, bob, cleo):
        post(world, stream, author)


def test_moderation_unique_mode_holds_second_equal_message(
    world: World, stream: Stream, bob: User
) -> None:
    world.rules = RulesConfig(chat_lines_per_minute=0, chat_repeats_max=1)

    said = [post(world, stream, bob, content) for content in ("one", "two", "two", "one")]

    assert [type(event) for event in said] == [ChatPosted, ChatPosted, ChatHeld, ChatPosted]


def test_moderation_unique_mode_forgets_old_messages(
    world: World, clock: ManualClock, stream: Stream, ada: User, bob: User
) -> None:
    world.rules = RulesConfig(chat_lines_per_minute=0, chat_repeats_max=2)
    post(world, stream, bob, "hello")
    clock.advance(60_000)
    # The room's state is read again, and the message of a minute ago is its last.
    asked(world, stream, ada, slow_mode_seconds=1)
    asked(world, stream, ada, slow_mode_seconds=0)

    said = messages.post_many(world, [(stream.id, bob, "hello")] * 3)

    assert [type(event) for event in said] == [type(None), type(None), ChatHeld]


def forget_room(world: World, stream: Stream, ada: User) -> None:
    """Drop the room's cached state, so that it is read from the store again."""
    asked(world, stream, ada, slow_mode_seconds=1)
    asked(world, stream, ada, slow_mode_seconds=0)


def is_held(world: World, stream: Stream, author: User, content: str) -> bool:
    return isinstance(post(world, stream, author, content), ChatHeld)


@table(
    ("said", "is_repeat"),
    [
        (["buy"] * 5, True),
        (["other", "BUY", "buy", "Buy", "buy", "buY"], True),
        (["buy"] * 4, False),
        (["buy", "buy", "other", "buy", "buy"], False),
        (["buy", "buy", "buy", "buy", "other"], False),
        ([], False),
    ],
)
def test_moderation_repeats_are_read_back_after_the_room_cache_was_dropped(
    said: list[str], is_repeat: bool
) -> None:
    # Given bob's messages in a room whose state is no longer cached,
    with closing(World(clock=ManualClock(), publish=lambda _: None)) as world:
        ada, bob = (accounts.by_api_key(world, f"ak_auto_{name}") for name in ("ada", "bob"))
        stream = streams.create(world, ada, StreamPatch({"title": "chat"}))
        for content in said:
            assert not is_held(world, stream, bob, content)
        forget_room(world, stream, ada)

        # then the fifth equal message is the last one that is posted.
        assert is_held(world, stream, bob, "buy") is is_repeat
        assert not is_held(world, stream, bob, "something else")


def test_moderation_repeats_still_count_after_the_room_cache_was_dropped(
    world: World, stream: Stream, ada: User, bob: User
) -> None:
    for _ in range(3):
        assert not is_held(world, stream, bob, "buy")
    forget_room(world, stream, ada)

    assert [is_held(world, stream, bob, "buy") for _ in range(4)] == [False, False, True, True]


def test_moderation_repeats_count_while_the_first_is_less_than_half_a_minute_old(
    world: World, clock: ManualClock, stream: Stream, bob: User, cleo: User
) -> None:
    for author in (bob, cleo):
        post(world, stream, author, "buy")
    clock.advance(10_000)
    for author in (bob, cleo):
        for _ in range(4):
            post(world, stream, author, "buy")

    clock.advance(19_999)
    assert is_held(world, stream, bob, "buy")
    clock.advance(1)
    assert not is_held(world, stream, cleo, "buy")


def test_moderation_unique_mode_holds_a_line_for_less_than_half_a_minute(
    world: World, clock: ManualClock, stream: Stream, bob: User, cleo: User
) -> None:
    world.rules = RulesConfig(chat_lines_per_minute=0, chat_repeats_max=1)
    for author in (bob, cleo):
        post(world, stream, author, "buy")

    clock.advance(29_999)
    assert is_held(world, stream, bob, "buy")
    clock.advance(1)
    assert not is_held(world, stream, cleo, "buy")


def test_moderation_repeats_follow_a_rule_that_changes(
    world: World, stream: Stream, bob: User
) -> None:
    for _ in range(3):
        assert not is_held(world, stream, bob, "buy")

    world.rules = RulesConfig(chat_repeats_max=3)

    assert is_held(world, stream, bob, "buy")


def test_moderation_waits_end_at_their_millisecond(
    world: World, clock: ManualClock, stream: Stream, ada: User, bob: User, cleo: User
) -> None:
    asked(world, stream, ada, slow_mode_seconds=10)
    post(world, stream, bob)
    bans.add(world, stream, ada, cleo, duration_seconds=10)

    clock.advance(9_999)
    for author, chat_code in ((bob, "slow_mode"), (cleo, "timed_out")):
        details = refusal(world, stream, author).details
        assert (details["chat_code"], details["wait_ms"]) == (chat_code, 1)
        assert details["retry_after_seconds"] == 1
    clock.advance(1)
    for author in (bob, cleo):
        # A user whose ban is over may post a message as long as anybody's.
        post(world, stream, author, "x" * 500)


def test_moderation_tightened_limit_counts_lines(world: World, stream: Stream, bob: User) -> None:
    world.faults.start(read({"limit.tighten": {"what": "chat", "user": "bob", "per_minute": 2}}))

    for content in ("one", "two"):
        post(world, stream, bob, content)

    refused = refusal(world, stream, bob, "three")
    assert (refused.code, refused.details["fault"]) == ("rate_limited", "fault-1 limit.tighten")
