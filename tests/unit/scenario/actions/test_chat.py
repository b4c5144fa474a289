"""Chat in a scenario: messages, floods, scripts, and moderation."""

import pytest

from emulator.scenario.language.errors import InvalidScenario
from tests.support.scenario_run import play
from tests.support.tables import table

HEAD = """
scenario: Chat
world:
  users: [{name: ada}, {name: bob}, {name: cleo}]
  streams: [{name: launch, owner: ada, title: Launch night}]
timeline:
  - stream.start: launch
"""


async def test_chat_actions_flood_sends_about_its_rate() -> None:
    played = await play(
        HEAD
        + """
  - for: 30s
    chat.flood: {stream: launch, rate: 50/s, authors: 100, lines: [hype, "Hi {author} {n}"]}
expect:
  chat.launch.posted: {between: [1300, 1700]}
  chat.launch.lost: 0
  analytics.launch.chatters: 100
"""
    )

    assert played.is_fine, (played.judged, played.broken)
    assert played.steps[-1].ended_ms == 30_000


async def test_chat_actions_even_flood_sends_exactly_its_rate() -> None:
    played = await play(
        HEAD
        + """
  - {for: 10s, chat.flood: {stream: launch, rate: 30/s, lines: emoji, arrivals: even}}
  - {for: 1m, chat.flood: {stream: launch, rate: 6/min, names: slow, arrivals: even}}
expect:
  chat.launch.posted: 306
"""
    )

    assert played.is_fine, (played.judged, played.broken)


async def test_chat_actions_flood_obeys_the_rules_of_the_room() -> None:
    played = await play(
        HEAD
        + """
  - chat.settings: {stream: launch, slow_mode: 5s, links: false, blocked_words: [cabbage]}
  - for: 20s
    chat.flood:
      {stream: launch, rate: 20/s, authors: 10, lines: questions, links: 30%, blocked_words: 30%}
expect:
  chat.launch.slow_mode: 5s
  chat.launch.held: {above: 5}
  chat.launch.refused: {above: 200}
  chat.launch.posted: {between: [20, 50]}
  events.chat.held: {above: 5}
"""
    )

    assert played.is_fine, (played.judged, played.broken)


async def test_chat_actions_slow_mode_refusal_can_be_expected() -> None:
    played = await play(
        HEAD
        + """
  - chat.settings: {stream: launch, slow_mode: 10s}
  - chat.say: {stream: launch, by: bob, says: One}
  - {chat.say: {stream: launch, by: bob, says: Two}, refused: slow_mode}
  - wait: 10s
  - chat.say: {stream: launch, by: bob, says: Three}
  - chat.ban: {stream: launch, user: cleo, time_out: 1m}
  - {chat.say: {stream: launch, by: cleo, says: Hey}, refused: timed_out}
  - chat.unban: {stream: launch, user: cleo}
  - chat.delete: {stream: launch, of: bob, which: all}
expect:
  chat.launch.posted: 2
  chat.launch.shown: 0
  chat.launch.refused: 2
  events.chat.deleted: 2
"""
    )

    assert played.is_fine, (played.steps, played.judged, played.broken)


async def test_chat_actions_script_sends_its_messages_at_their_times() -> None:
    lines = "# who says what\n1s bob: Hello\n1s cleo: Hi bob\n1m30s bob: Bye\n"
    played = await play(
        HEAD + "  - chat.script: {stream: launch, file: lines.txt}\n  - log: over\n",
        read_file=lambda _: lines,
    )

    assert played.notes == [(90_000, "over")]
    rows = played.world.store.rows("SELECT content FROM messages ORDER BY row")
    assert [row["content"] for row in rows] == ["Hello", "Hi bob", "Bye"]


@table(
    ("lines", "message"),
    [
        ("hello", "line 1: write a line like `12s bob: Hello!`"),
        ("5s bob: a\n2s bob: b", "line 2: its time is before that of the line above"),
        ("5 bob: a", "line 1: invalid duration '5'"),
    ],
)
async def test_chat_actions_unreadable_script_is_refused_before_the_run(
    lines: str, message: str
) -> None:
    with pytest.raises(InvalidScenario) as refused:
        await play(
            HEAD + "  - chat.script: {stream: launch, file: lines.txt}\n",
            read_file=lambda _: lines,
        )

    assert message in str(refused.value)
