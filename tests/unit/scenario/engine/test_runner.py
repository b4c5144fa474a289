"""A run: the order and instants of steps, the expectations, and the reported results."""

import asyncio

import pytest

from emulator.scenario.engine.results import Judged, Noted, Result
from tests.support.scenario_run import play, prepare

HEAD = """
scenario: Test
world:
  users: [{name: ada}, {name: bob}]
  streams: [{name: launch, owner: ada, title: Launch night}]
timeline:
"""


async def test_runner_steps_run_at_their_time_or_after_their_trigger() -> None:
    played = await play(
        HEAD
        + """
  - log: first
  - {name: pause, wait: 5s}
  - log: after five seconds
  - {at: 2s, log: at two}
  - {after: pause + 1m, log: a minute later}
  - {after: pause, log: with the pause}
"""
    )

    assert played.notes == [
        (0, "first"),
        (2_000, "at two"),
        (5_000, "after five seconds"),
        (5_000, "with the pause"),
        (65_000, "a minute later"),
    ]
    assert played.is_fine


async def test_runner_world_that_cannot_be_set_up_is_reported_with_its_place() -> None:
    played = await play(
        """
scenario: Test
world:
  streams:
    - {name: old, existing: 00000000-0000-4000-8000-000000000000}
"""
    )

    [reason] = played.broken
    assert reason.endswith(":5: old: Stream not found")


async def test_runner_repeated_step_finishes_before_the_next_begins() -> None:
    played = await play(
        HEAD
        + """
  - {name: tick, at: 1s, every: 10s, times: 3, log: tick}
  - log: done
  - {every: 7s, log: for ever}
"""
    )

    numbers = [at_ms for at_ms, text in played.notes if text == "tick"]
    assert numbers == [1_000, 11_000, 21_000]
    assert (21_000, "done") in played.notes
    assert [at_ms for at_ms, text in played.notes if text == "for ever"] == [21_000]


async def test_runner_event_triggers_a_step_once_or_every_time() -> None:
    played = await play(
        HEAD
        + """
  - {on: {stream.updated: {stream: launch}}, log: once}
  - {on: {stream.updated: {stream: launch}}, every: event, log: each}
  - {on: {stream.updated: {stream: launch}}, every: 15s, log: now and then}
  - {on: stream.ended, log: never}
  - {at: 1s, every: 10s, times: 3, stream.update: {stream: launch, title: Renamed}}
"""
    )

    assert played.notes == [
        (1_000, "once"),
        (1_000, "each"),
        (1_000, "now and then"),
        (11_000, "each"),
        (21_000, "each"),
        (21_000, "now and then"),
    ]


async def test_runner_expectation_waits_until_it_is_met() -> None:
    played = await play(
        HEAD
        + """
  - {at: 3s, stream.start: launch}
  - {at: 0s, within: 10s, expect: {stream.launch.status: live}}
  - log: met
"""
    )

    assert played.notes == [(3_000, "met")]
    assert played.judged[0].is_met
    assert played.judged[0].at_ms == 3_000


async def test_runner_missed_expectation_shows_last_and_closest_values() -> None:
    played = await play(
        HEAD
        + """
  - stream.start: launch
  - at: 20s
    stream.end: launch
  - at: 10s
    within: 20s
    expect: {stream.launch.duration: {above: 1m}}
expect:
  vod.launch.status: ready
"""
    )

    missed, at_end = played.judged
    assert not missed.is_met
    assert (missed.wanted, missed.seen, missed.at_ms) == ("above 1m", "20s", 30_000)
    assert (missed.closest, missed.closest_ms) == ("20s", 20_000)
    assert at_end.why == "launch has left no VOD yet."
    assert not played.is_fine


async def test_runner_refusal_fails_the_run_unless_expected() -> None:
    played = await play(
        HEAD
        + """
  - stream.start: launch
  - stream.start: launch
  - {stream.start: launch, refused: conflict}
  - {stream.update: {stream: launch, title: Hi}, refused: true}
"""
    )

    assert [(step.outcome, step.is_ok) for step in played.steps] == [
        ("done", True),
        ("refused", False),
        ("refused", True),
        ("not-refused", False),
    ]
    assert played.steps[1].message == "conflict: Stream is already live"


async def test_runner_endless_scenario_needs_an_end_on_the_virtual_clock() -> None:
    text = "scenario: x\nlasts: forever\ntimeline:\n  - {every: 1m, log: again}\n"

    assert "--for" in (await play(text)).broken[0]
    assert len((await play(text, ends_ms=600_000)).notes) == 11


async def test_runner_step_that_triggers_itself_ends_the_run_with_its_name() -> None:
    played = await play(
        HEAD
        + """
  - name: echo
    on: stream.updated
    every: event
    stream.update: {stream: launch, title: Again}
  - {at: 1s, stream.update: {stream: launch, title: Once}}
"""
    )

    assert "echo (test.yaml:" in played.broken[0]
    assert "it triggers itself" in played.broken[0]


async def test_runner_follows_a_world_clock_that_others_advance() -> None:
    # Given a run that does not move time itself, in a world whose clock stands,
    runner, _ = prepare(
        HEAD
        + """
  - {at: 3s, log: first}
  - {at: 1h, log: an hour later}
  - {name: pause, at: 2h, wait: 90s}
  - log: after the pause
  - {at: 3h, within: 10s, expect: {stream.launch.status: live}}
""",
        is_virtual=False,
    )
    results: list[Result] = []

    async def play() -> None:
        async for result in runner.play():
            results.append(result)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(play())
        await runner.run.clock.pass_time(0)

        # when four hours pass at once,
        await runner.run.clock.pass_time(4 * 3_600_000)

    # then each step has begun at its own instant, and the expectation was missed at its time.
    notes = [(result.at_ms, result.text) for result in results if isinstance(result, Noted)]
    assert notes == [
        (3_000, "first"),
        (3_600_000, "an hour later"),
        (7_290_000, "after the pause"),
    ]
    [missed] = [result for result in results if isinstance(result, Judged)]
    assert (missed.is_met, missed.at_ms) == (False, 10_810_000)
    assert runner.run.clock.pending == 0


async def test_runner_internal_error_is_reported_and_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from emulator.scenario.actions.log import Log

    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Log, "run", broken)
    played = await play(HEAD + "  - stream.start: launch\n  - {at: 3s, log: hi}\n")

    assert played.broken == ["RuntimeError: a bug"]
    assert "a run failed" in caplog.text
    assert [step.outcome for step in played.steps] == ["done", "cut-short"]


async def test_runner_rules_of_a_scenario_end_with_it() -> None:
    played = await play(
        "scenario: x\nworld: {rules: {chat_lines_per_minute: 3, vod_processing: 5s}}\n"
    )

    assert played.world.rules.chat_lines_per_minute == 120
    assert played.world.rules.vod_processing_ms == 1_000


async def test_runner_one_file_gives_one_event_log_byte_for_byte() -> None:
    text = HEAD + "  - {at: 1s, stream.start: launch}\n  - {at: 9s, stream.end: launch}\n"
    lines: list[str] = []
    first = await play(text, write=lines.append)
    second = await play(text)

    assert first.runner.log_hash == second.runner.log_hash
    assert first.runner.events == "".join(lines).count("\n") == 5
    assert '"at":1000,"kind":"StreamWentLive"' in "".join(lines)


async def test_runner_other_seed_gives_other_ids_and_another_log() -> None:
    text = HEAD + "  - {at: 1s, stream.start: launch}\n"

    first, second = await play(text), await play("seed: 8" + text)

    assert first.runner.log_hash != second.runner.log_hash
    assert first.runner.events == second.runner.events


async def test_runner_added_step_leaves_random_choices_of_the_others() -> None:
    flood = "  - {for: 10s, chat.flood: {stream: launch, rate: 5/s, authors: 9, lines: hype}}\n"
    more = "  - log: Hello\n  - {for: 9s, chat.flood: {stream: launch, rate: 2/s, names: x}}\n"

    async def lines(timeline: str) -> list[str]:
        played = await play(HEAD + "  - publish.start: launch\n" + timeline)
        rows = played.world.store.rows(
            "SELECT content FROM messages JOIN users ON users.row = messages.user_row"
            " WHERE username LIKE 'fan%' ORDER BY messages.row"
        )
        return [row["content"] for row in rows]

    alone = await lines(flood)
    assert len(alone) > 20
    assert await lines(more + flood) == alone
    # Two equal steps do not post the same messages.
    twice = await lines(flood + flood)
    assert twice[: len(alone)] == alone
    assert twice[len(alone) :] != alone


async def test_runner_missed_refusal_shows_expected_and_actual_values() -> None:
    played = await play(
        HEAD
        + """
  - {chat.say: {stream: launch, by: ada, says: Hi}, refused: slow_mode}
  - {stream.delete: launch}
  - {chat.say: {stream: launch, by: ada, says: Hi}, refused: banned}
  - {wait: 1s, refused: true}
"""
    )

    assert [step.message for step in played.steps if not step.is_ok] == [
        "It was to be refused with slow_mode, and the platform did it.",
        "It was to be refused with banned, and was refused with not_found: Stream not found",
        "It was to be refused, and the platform did it.",
    ]
