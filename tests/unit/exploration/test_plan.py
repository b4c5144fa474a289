"""Plans as people write them: accepted, described in a sentence, or refused with a correction."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.core.errors import Refused
from emulator.exploration.aims import Profile, draws, singles
from emulator.exploration.plan import as_yaml, check_names, read_file, sentence
from emulator.world.faults.api import ApiFail
from emulator.world.faults.kinds import KINDS
from emulator.world.faults.plans import parse
from tests.support.tables import table

PLAN: list[dict[str, Any]] = [
    {"api.fail": {"operation": "POST /streams/", "status": 503}, "times": 1, "skip": 2},
    {"ingest.cut": {}, "times": 1, "at": "StreamWentLive", "nth": 2, "after": "500ms"},
]


def test_plan_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(as_yaml(PLAN, "two faults"), "utf-8")

    assert read_file(path) == PLAN
    first, second = parse(PLAN)
    assert first.request.fault == ApiFail(operation="POST /streams", status=503)
    assert (first.request.skip, first.event) == (2, "")
    assert (second.event, second.nth, second.after_ms) == ("StreamWentLive", 2, 500)


def test_plan_is_described_in_a_sentence() -> None:
    assert sentence([{"api.fail": {"operation": "POST /streams/"}, "times": 1}]) == (
        "`POST /streams/` answered 503 once"
    )
    assert sentence(PLAN[1:]) == "the publisher was cut off once, 500ms after StreamWentLive (2.)"


@table("kind", KINDS)
def test_plan_of_every_kind_has_a_sentence(kind: str) -> None:
    assert kind not in sentence([{kind: {}}])


@table(
    ("written", "message"),
    [
        ("- api.fial: {}", "fault 1: There is no fault 'api.fial'. Did you mean api.fail?"),
        ("- api.fail: {statsu: 1}", "api.fail has no value 'statsu'. Did you mean status?"),
        (
            "- {api.fail: {}, at: StreamWentLiv}",
            "fault 1: at: there is no event 'StreamWentLiv'. Did you mean StreamWentLive?",
        ),
        (
            "- {api.fail: {}, at: StreamWentLive, nth: 0}",
            "fault 1: nth: must be a whole number from 1",
        ),
        ("- {api.fail: {}, at: ChatEvent}", "fault 1: at: there is no event 'ChatEvent'"),
        ("- {api.fail: {}, nth: 2}", "fault 1: nth counts the events of `at`, which is missing"),
        ("- {api.fail: {}, after: soon}", "fault 1: after: invalid duration 'soon'"),
        (
            "- {api.fail: {}, aftr: 1s}",
            "fault 1: api.fail: there is no option 'aftr'. Did you mean af",
        ),
        (
            "- {api.fail: {}, tims: 1}",
            "fault 1: api.fail: there is no option 'tims'. Did you mean t",
        ),
        ("- {api.fail: {operation: streams}}", "must be a method and a path"),
        ("fault: []", "A plan has only `faults`, not 'fault'."),
        ("just a text", "A plan is a list of at most 50 faults."),
        ("- [1", "is not a plan in YAML"),
        ("- api.fail", "a fault is one kind with its values"),
        ("&a [*a]", "is not a plan in YAML"),
    ],
)
def test_plan_with_unknown_names_is_refused(
    tmp_path_factory: pytest.TempPathFactory, written: str, message: str
) -> None:
    path = tmp_path_factory.mktemp("plan") / "plan.yaml"
    path.write_text(written, "utf-8")
    with pytest.raises(Refused) as refusal:
        read_file(path)
    assert str(path) in refusal.value.message
    assert message in refusal.value.message


@table(
    ("fault", "message"),
    [
        ("api.fail: {operation: POST /streamz/}", "no operation 'POST /streamz'. Did you mean"),
        ("api.cut: {operation: GET /auth/mee}", "Did you mean GET /auth/me?"),
        ("webhook.repeat: {event: stream.lives}", "no webhook 'stream.lives'. Did you mean"),
    ],
)
def test_plan_of_an_unknown_operation_or_webhook_is_refused(fault: str, message: str) -> None:
    plan = yaml.safe_load(f"- {fault}\n- {{api.fail: {{operation: POST /streams/}}}}")
    check_names(Path("plan.yaml"), plan[1:])
    with pytest.raises(Refused) as refusal:
        check_names(Path("plan.yaml"), plan)
    assert "plan.yaml: fault 1: there is " in refusal.value.message
    assert message in refusal.value.message


def test_plan_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read: No such file"):
        read_file(tmp_path / "plan.yaml")


def test_drawn_plans_aim_at_used_operations_and_follow_from_the_seed() -> None:
    profile = Profile(
        operations={"POST /streams": 1, "GET /streams": 4},
        files={"playlist": 9, "segment": 3},
        webhooks={"stream.live": 1},
        messages=3,
        sockets=1,
        recordings=1,
        tokens=2,
        events={"StreamWentLive": 1, "PublisherJoined": 1, "ChatPosted": 3, "UserLoggedIn": 1},
    )
    entries = singles(profile)
    for entry in entries:
        parse([entry])
    first, again, other = (draws(profile, entries, seed) for seed in (1, 1, 2))
    plans = [next(first) for _ in range(200)]
    for plan in plans:
        parse(plan)

    assert plans == [next(again) for _ in range(200)]
    assert plans != [next(other) for _ in range(200)]
