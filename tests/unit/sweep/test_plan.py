"""The runs of a sweep: their seeds, and the values drawn from ranges."""

import pytest

from emulator.core.errors import Refused
from emulator.scenario.language.load import load
from emulator.scenario.language.scenario import Scenario
from emulator.sweep.plan import plan, seeds_of

TEXT = """
scenario: Ranges
params:
  peak: {type: integer, default: 5, min: 1, max: 100}
  ratio: {type: number, default: 0.5}
  length: {type: duration, default: 1m}
  flow: {type: rate, default: 5/s}
  part: {type: share, default: 10%}
  title: {type: text, default: hello}
  is_on: {type: boolean, default: true}
timeline:
  - log: $title
"""


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load(TEXT, "ranges.yaml")


@pytest.mark.parametrize(
    ("text", "seeds"), [("1..1000", range(1, 1001)), ("7", range(7, 8)), ("0..0", range(1))]
)
def test_seeds_are_a_range_or_one(text: str, seeds: range) -> None:
    assert seeds_of(text) == seeds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "write them like 1..1000"),
        ("1-10", "write them like 1..1000"),
        ("1...5", "write them like 1..1000"),
        ("-1..5", "write them like 1..1000"),
        ("10..1", "the end is below the start"),
        ("0..10000000", "at most 10,000,000 at once"),
        ("9999999999999999", "a seed is at most"),
    ],
)
def test_seeds_that_are_none_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        seeds_of(text)


def test_plan_draws_a_value_of_its_kind_by_the_seed_alone(scenario: Scenario) -> None:
    chosen = {
        "peak": "1..3",
        "ratio": "0..1.5",
        "length": "30s..2m",
        "flow": "10/min .. 5/s",
        "part": "5%..80%",
        "title": "a..b",
    }
    drawn = [plan(range(300), chosen, scenario).parameters(seed) for seed in range(300)]

    # Both ends of whole numbers are drawn, and text keeps its dots.
    assert {values["peak"] for values in drawn} == {1, 2, 3}
    assert {values["title"] for values in drawn} == {"a..b"}
    # Independent of other parameters, and of the number of runs.
    one = plan(range(7, 8), {"length": "30s..2m"}, scenario)
    assert one.parameters(7)["length"] == drawn[7]["length"]
    for values in drawn[:50]:
        load(TEXT, "ranges.yaml", chosen=values)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"pek": "1..5"}, "ranges.yaml has no parameter pek. It has peak, ratio"),
        ({"peak": "5..1"}, "its end is below its start"),
        ({"peak": "5..500"}, "500 is out of range: at most 100"),
        ({"peak": "1s..5s"}, "'1s' is not of the type integer"),
        ({"length": "1..5"}, "invalid duration '1'"),
        ({"is_on": "false..true"}, "a boolean has no range"),
    ],
)
def test_plan_refuses_an_invalid_range(
    scenario: Scenario, chosen: dict[str, str], message: str
) -> None:
    with pytest.raises(Refused, match=message):
        plan(range(5), chosen, scenario)
