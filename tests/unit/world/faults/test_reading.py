"""Faults as people write them: accepted, or refused with a sentence."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import Refused
from emulator.world.faults.api import ApiDelay, ApiFail
from emulator.world.faults.kinds import KINDS
from emulator.world.faults.reading import FaultRequest, read
from tests.support.tables import table


def test_fault_plans_kind_takes_its_values_frequency_and_duration() -> None:
    written = {
        "api.fail": {"path": "/streams", "status": 500, "done": True},
        "share": "30%",
        "times": 3,
        "for": "1m30s",
    }

    fault = ApiFail(path="/streams", status=500, is_done=True)
    assert read(written) == FaultRequest(fault=fault, share=0.3, times=3, for_ms=90_000)


def test_fault_plans_values_are_optional() -> None:
    assert read({"api.delay": None}) == FaultRequest(fault=ApiDelay(delay_ms=1_000))
    assert read({"api.delay": {"delay": 0.25}}).fault == ApiDelay(delay_ms=250)


@table("kind", KINDS)
def test_fault_plans_show_values_as_they_are_written(kind: str) -> None:
    fault = read({kind: {}}).fault
    assert (fault.__doc__ or "").strip()
    assert read({kind: fault.values()}).fault == fault


@table(
    ("written", "said"),
    [
        ({}, "A fault is exactly one of api.delay"),
        ({"api.fail": {}, "api.cut": {}}, "exactly one of"),
        ({"api.fial": {}}, "There is no fault 'api.fial'. Did you mean api.fail?"),
        ({"api.fail": {"statsu": 500}}, "api.fail has no value 'statsu'. Did you mean status?"),
        ({"api.fail": {"status": 200}}, "status: must be a whole number from 400 to 599, not 200"),
        ({"api.fail": {"status": True}}, "not True"),
        ({"api.fail": {"method": "STEAL"}}, "method: must be one of GET, HEAD"),
        ({"api.fail": {"path": ""}}, "path: must be a text of 1 to 200"),
        ({"api.fail": [1]}, "a table of names and values"),
        ({"api.fail": {"done": "yes"}}, "done: must be true or false"),
        (
            {"api.delay": {"delay": "soon"}},
            "invalid duration 'soon'; write it like 500ms, 10s, 1m30s or 1.5h",
        ),
        ({"api.delay": {"delay": -1}}, "invalid duration '-1'"),
        ({"api.delay": {}, "share": "half"}, "invalid share 'half'; write it like 30% or 0.3"),
        ({"api.delay": {}, "share": 2}, "invalid share '2'"),
        ({"api.delay": {}, "times": 0}, "from 1 to 1000000"),
    ],
)
def test_fault_plans_error_suggests_the_nearest_right_word(
    written: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused, match=re.escape(said)) as refusal:
        read(written)
    assert refusal.value.code == "invalid"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
_NAMES = st.sampled_from(["path", "status", "delay", "done", "user", "method", "most"]) | st.text()


@given(
    st.dictionaries(
        st.sampled_from([*KINDS, "share", "times", "for"]) | st.text(max_size=10),
        _VALUES | st.dictionaries(_NAMES, _VALUES, max_size=3),
        max_size=4,
    )
)
def test_fault_plans_any_input_is_a_plan_or_refused(written: dict[str, Any]) -> None:
    try:
        plan = read(written)
    except Refused:
        return
    assert plan.fault.kind in written


@table(
    ("values", "message"),
    [
        ({"answers": []}, "answers: must be a list of 1 to 100 answers"),
        ({"answers": "503,soon"}, "one must be a whole number from 400 to 599"),
        ({"answers": [200]}, "one must be a whole number from 400 to 599"),
        ({"answers": [{"statos": 503}]}, "an answer with 'statos': there is status, headers"),
        ({"answers": [{"headers": {"a b": "c"}}]}, "answer whose headers has an invalid header"),
        ({"headers": "X: y"}, "headers: must be a table"),
        ({"headers": {"X": "a\r\nY: b"}}, "headers: has an invalid value for X"),
        ({"headers": {"Content-Length": 3}}, "cannot hold Content-Length"),
        ({"body": float("nan")}, "body: must be a text or JSON"),
        ({"body": "x" * 70_000}, "body: must be at most 65536 bytes"),
        ({"retry_after": "soon"}, "retry_after"),
    ],
)
def test_fault_plans_impossible_responses_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        read({"api.fail": values})
