"""Values in expectations: counted with `where`, always, never, and in an `if`."""

from typing import Any

import pytest

from emulator.scenario.engine.run import Server
from emulator.scenario.language.errors import InvalidScenario
from emulator.scenario.language.load import load
from tests.support.scenario_run import play
from tests.support.tables import table

HEAD = """
scenario: Facts
world:
  users: [{name: ada}, {name: bob}, {name: cleo}]
  streams: [{name: launch, owner: ada, title: Launch night}]
timeline:
"""
REQUESTS = [
    {
        "method": method,
        "path": path,
        "operation": operation,
        "status": status,
        "user": user,
        "from": "app",
    }
    for method, path, operation, status, user in (
        ("GET", "/v1/streams/", "/streams/", 200, "ada"),
        ("POST", "/v1/streams/", "/streams/", 201, "ada"),
        ("POST", "/v1/streams/", "/streams/", 422, "bob"),
        ("GET", "/nothing", None, 404, None),
    )
]


async def seen(steps: str, server: Server | None = None, rest: str = "") -> dict[str, str]:
    """The value that each missed expectation saw; empty where all are met."""
    played = await play(HEAD + steps + rest, server=server)
    assert not played.broken
    assert all(step.is_ok or step.outcome == "missed" for step in played.steps), played.steps
    return {f"{j.path} {j.wanted}": j.seen for j in played.judged if not j.is_met}


async def test_facts_chat_and_moderation_are_counted_by_where() -> None:
    missed = await seen("""
  - stream.start: launch
  - chat.say: {stream: launch, by: bob, says: Hello!}
  - chat.say: {stream: launch, by: bob, says: Buy this!}
  - chat.say: {stream: launch, by: cleo, says: Hello!}
  - chat.delete: {stream: launch, says: Buy this!}
  - {chat.delete: {stream: launch, says: Nobody said this}, refused: not_found}
  - chat.moderator: {stream: launch, user: cleo}
  - expect: {chat.launch.moderators: {where: {user: cleo}, is: 1}, chat.launch.vips: 0}
  - chat.remove_moderator: {stream: launch, user: cleo}
  - {chat.remove_moderator: {stream: launch, user: cleo}, refused: not_found}
  - chat.ban: {stream: launch, user: cleo, reason: Spam}
  - chat.ban: {stream: launch, user: bob, time_out: 10m}
  - expect:
      - chat.launch.lines: {where: {says: Hello!}, is: 2}
        chat.launch.moderators: 0
        chat.launch.bans: {where: {user: cleo, reason: Spam}, is: 1}
        chat.launch.timeouts: {where: {user: bob}, is: 1}
      - chat.launch.lines: {where: {says: {contains: Buy}, deleted: true}, is: 1}
      - chat.launch.lines: {where: {by: ada}, is: 0}
      - chat.launch.lines: 3
  - chat.unban: {stream: launch, user: cleo}
  - wait: 11m
  - expect: {chat.launch.bans: 0, chat.launch.timeouts: 0}
""")

    assert missed == {}


async def test_facts_filtered_events_are_counted_and_a_miss_shows_the_filter() -> None:
    missed = await seen("""
  - stream.start: launch
  - chat.say: {stream: launch, by: bob, says: One}
  - chat.say: {stream: launch, by: cleo, says: Two}
  - {for: 5s, chat.flood: {stream: launch, rate: 10/s, authors: 5, arrivals: even}}
  - expect:
      - events.chat.posted: {where: {stream: launch, user: bob}, is: 1}
      - events.chat.posted: {where: {content: {matches: "T.*o"}}, at_least: 1}
      - events.chat.posted: {where: {stream: launch}, is: 52}
      - events.chat.posted: {where: {user: ada}, is: 3}
""")

    assert missed == {"events.chat.posted 3 where user ada": "0"}


async def test_facts_requests_are_counted_from_the_server_records() -> None:
    missed = await seen(
        """
  - expect:
      - requests.count: {where: {method: POST, operation: /streams/}, is: 2}
      - requests.count: {where: {status: {at_least: 400}}, is: 2}
      - requests.count: {where: {user: ada, status: 201}, is: 1}
      - requests.count: {where: {path: {contains: nothing}, operation: null}, is: 1}
      - requests.count: 5
""",
        Server(requests=lambda: REQUESTS),
    )

    assert missed == {"requests.count 5": "4"}


async def test_facts_connected_publisher_is_one() -> None:
    missed = await seen("""
  - expect: {stream.launch.has_publisher: false}
  - publish.start: launch
  - expect: {stream.launch.has_publisher: true}
  - publish.drop: launch
  - expect: {stream.launch.has_publisher: false, stream.launch.status: live}
""")

    assert missed == {}


async def test_facts_throughout_and_never_are_missed_at_the_breaking_instant() -> None:
    played = await play(
        HEAD
        + """
  - publish.start: launch
  - {name: stays, throughout: {stream.launch.status: live}, for: 30s}
  - {name: full, at: 1s, never: {stream.launch.viewers: {above: 20}}}
  - {name: calm, at: 1s, never: {stream.launch.viewers: {above: 90}}}
  - {at: 10s, viewers.set: {stream: launch, count: 50}}
  - {at: 15s, viewers.set: {stream: launch, count: 5}}
  - {at: 20s, stream.end: launch}
  - wait: 5s
throughout: {chat.launch.lost: 0}
never: {stream.launch.status: ended}
"""
    )

    payload = {(j.step, j.wanted): (j.is_met, j.seen, j.at_ms) for j in played.judged}
    assert payload == {
        ("stays", "live throughout"): (False, "ended", 20_000),
        ("full", "never above 20"): (False, "50", 10_000),
        ("calm", "never above 90"): (True, "0", 25_000),
        ("", "never ended"): (False, "ended", 20_000),
        ("", "0 throughout"): (True, "0", 25_000),
    }
    outcomes = {step.step.name: step.outcome for step in played.steps if step.step.is_named}
    assert outcomes == {"stays": "missed", "full": "missed", "calm": "done"}


async def test_facts_throughout_holds_for_its_time_before_the_next_step() -> None:
    played = await play(
        HEAD
        + """
  - publish.start: launch
  - {throughout: {stream.launch.status: live}, for: 30s}
  - stream.end: launch
  - log: after
"""
    )

    assert played.is_fine, (played.steps, played.judged)
    assert played.notes == [(30_000, "after")]


@table(
    ("condition", "is_done"),
    [
        ("{stream.launch.status: live}", True),
        ("{stream.launch.status: ended}", False),
        ("{stream.launch.status: live, stream.launch.viewers: {above: 5}}", False),
        ("stream.launch.status == live", True),
        ("stream.launch.status != live", False),
        ("stream.launch.viewers < 5", True),
        ("stream.launch.has_media", False),
    ],
)
async def test_facts_in_an_if_are_evaluated_when_the_step_is_due(
    condition: str, is_done: bool
) -> None:
    played = await play(
        HEAD
        + f"""
  - stream.start: launch
  - {{name: maybe, if: {condition}, log: done}}
  - log: then
"""
    )

    assert [text for _, text in played.notes] == (["done"] if is_done else []) + ["then"]
    [maybe] = [step for step in played.steps if step.step.name == "maybe"]
    assert maybe.outcome == ("done" if is_done else "skipped")
    assert played.is_fine


async def test_facts_required_step_blocked_by_its_if_fails_the_run() -> None:
    played = await play(
        HEAD + "  - {name: x, if: {stream.launch.status: live}, required: true, log: done}\n"
    )

    [_, never] = played.steps
    assert (never.outcome, never.is_ok) == ("never-began", False)
    assert never.message == "Each time it was due, its `if` was not met."


async def test_facts_count_how_often_a_step_began() -> None:
    missed = await seen("""
  - {name: tick, every: 1s, times: 3, log: tick}
  - {name: held, on: chat.held, log: held}
  - expect: {step.tick.turns: 3, step.held.turns: 0}
""")

    assert missed == {}


async def test_facts_date_of_a_run_is_set_and_queried() -> None:
    text = (
        HEAD.replace("world:", "begins: 2026-03-06 23:59\nworld:")
        + """
  - expect: {run.date: "2026-03-06", run.time: "23:59:00", run.weekday: friday}
  - wait: 2m
  - expect: {run.date: "2026-03-07", run.weekday: saturday}
"""
    )

    played = await play(text)

    assert played.is_fine, played.judged


async def test_facts_custom_keys_hold_anchors_for_merge_keys() -> None:
    played = await play("""
scenario: Anchors
x-calm: &calm {rate: 1/s, authors: 2, arrivals: even}
world:
  users: [{name: ada}]
  streams: [{name: launch, owner: ada, title: Launch night}]
timeline:
  - stream.start: launch
  - {x-why: nobody reads this, for: 10s, chat.flood: {<<: *calm, stream: launch, rate: 2/s}}
expect: {chat.launch.posted: 20}
""")

    assert played.is_fine, (played.judged, played.steps)


def errors(text: str) -> Any:
    with pytest.raises(InvalidScenario) as refused:
        load(HEAD + text, "x.yaml")
    return [error.message for error in refused.value.errors]


@table(
    ("step", "message"),
    [
        (
            "expect: {chat.launch.lines: {where: {sayz: x}, is: 1}}",
            "chat.launch.lines: where has no sayz here; did you mean says?",
        ),
        (
            "expect: {events.chat.held: {where: {usr: bob}, is: 1}}",
            "events.chat.held: where has no usr here; did you mean user?",
        ),
        (
            "expect: {events.chat.held: {where: {user: bbo}, is: 1}}",
            "There is no user bbo; did you mean bob?",
        ),
        (
            "expect: {stream.launch.viewers: {where: {user: bob}, is: 1}}",
            "stream.launch.viewers: this fact takes no where.",
        ),
        (
            "expect: {chat.launch.lines: {where: {says: x}}}",
            "chat.launch.lines: a condition needs a word, such as above.",
        ),
        (
            "{if: {stream.launch.status: lvie}, log: x}",
            "stream.launch.status: it can never be lvie; did you mean live?",
        ),
        (
            "{if: stream.lanch.status == live, log: x}",
            "stream.lanch.status: there is no stream lanch; did you mean launch?",
        ),
        (
            "expect: {step.slw.turns: 1}\n  - {name: slow, log: x}",
            "step.slw.turns: there is no step slw; did you mean slow?",
        ),
        ("{required: 3, log: x}", "Write true or false here."),
        ("{xlog: 3, log: x}", "xlog is neither an action nor a word of a step; did you mean log?"),
        (
            "{name: a, never: {chat.launch.lost: 1}}\n  - {after: a, log: x}",
            "a never ends, so nothing comes after it: give it for.",
        ),
        ("log: x\nbegins: friday", "Write a date here, such as 2026-03-06 or 2026-03-06T18:00Z."),
        ("expect: []", "Write facts here, such as stream.launch.status: live."),
    ],
)
def test_facts_error_suggests_the_nearest_word(step: str, message: str) -> None:
    assert errors(f"  - {step}\n")[0] == message
