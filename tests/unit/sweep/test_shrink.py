"""A failing run is made smaller: entries are removed from the text, parameters narrowed."""

from collections.abc import Sequence

import pytest

from emulator.scenario.language.load import load
from emulator.sweep.pieces import pieces, with_values, without
from emulator.sweep.result import ExpectationResult, RunResult
from emulator.sweep.shrink import Shrinking, Smaller, Trial

MAIN = """\
# Which seed loses a line?
scenario: Shrunk
params:
  peak: {type: integer, default: 5, min: 1, max: 100}
  flow: {type: rate, help: Lines a second}
timeline:
  # Stays.
  - log: culprit
  - log: harmless 1
  - include: more.yaml

  # Goes.
  - name: harmless
    log: harmless 2
    # Inside of it.
expect:
  events.publisher.left: 0
  events.publisher.joined:
    below: 5
never: {events.viewer.joined: {above: 5}}
"""
MORE = "scenario: More\ntimeline:\n  - log: harmless 3\n  - log: helper\n"
TEXTS = {"main.yaml": MAIN, "more.yaml": MORE}


def test_pieces_are_the_entries_of_block_lists_with_their_comments() -> None:
    cut = [
        without(TEXTS, {item})[item.file].count("\n") - TEXTS[item.file].count("\n")
        for item in pieces(TEXTS)
    ]

    assert [item.file for item in pieces(TEXTS)] == ["main.yaml"] * 6 + ["more.yaml"] * 2
    assert cut == [-2, -1, -1, -3, -1, -2, -1, -1]
    assert "Goes" not in without(TEXTS, {pieces(TEXTS)[3]})["main.yaml"]


def test_pieces_leave_a_text_that_loads_without_any() -> None:
    texts = without(TEXTS, set(pieces(TEXTS)))

    scenario = load(texts["main.yaml"], "main.yaml", chosen={"flow": "1/s"})
    assert scenario.steps == ()


def test_pieces_write_another_seed_and_other_defaults() -> None:
    text = with_values(MAIN, 86, {"peak": 41, "flow": "2.5/s"})

    scenario = load(text, "main.yaml", read_file=TEXTS.__getitem__)
    assert (scenario.seed, scenario.values) == (86, {"peak": 41, "flow": "2.5/s"})
    assert load(with_values(text, 7, {}), "main.yaml", read_file=TEXTS.__getitem__).seed == 7


def shrunk(*, has_control: bool = True) -> Smaller:
    """Seed 13 misses an expectation with the culprit, its helper and a peak above 40; without the
    culprit every seed misses it, with another value.
    """

    def play(trials: Sequence[Trial]) -> list[RunResult | None]:
        return [result_of(trial) for trial in trials]

    failing = Trial(texts=TEXTS, seed=13, parameters={"peak": 90, "flow": "8/s"})
    scenario = load(MAIN, "main.yaml", chosen={"flow": "8/s"}, read_file=TEXTS.__getitem__)
    control = Trial(texts=TEXTS, seed=1, parameters={"peak": 90, "flow": "8/s"})
    result = result_of(failing)
    assert result is not None
    control = control if has_control else None  # type: ignore[assignment]  # as a caller has it
    return Shrinking(failing, result, control, scenario.params, (), play).run()


def result_of(trial: Trial) -> RunResult | None:
    text = trial.texts["main.yaml"]
    if "include: more" in text:
        text += trial.texts["more.yaml"]
    if "helper" in text and "culprit" not in text:
        return None
    seen = "0" if "culprit" not in text else "9"
    is_hit = trial.seed == 13 and "helper" in text and trial.parameters["peak"] > 40
    if seen == "9" and is_hit:
        seen = "8"
    wanted = [ExpectationResult("main.yaml:17", "lines", "", "9", 1, int(seen != "9"), seen)]
    return RunResult(
        seed=trial.seed,
        outcome="passed" if seen == "9" else "failed",
        reason="",
        parameters=dict(trial.parameters),
        log_hash="",
        expectations=tuple(wanted),
        steps=(),
        figures={},
        wall_ms=0,
    )


@pytest.mark.parametrize("has_control", [True, False])
def test_shrink_keeps_the_entries_that_the_failure_needs(has_control: bool) -> None:
    smaller = shrunk(has_control=has_control)

    left = smaller.texts["main.yaml"]
    assert "culprit" in left
    assert "include: more" in left
    assert "harmless" not in left + smaller.texts["more.yaml"]
    assert (smaller.entries, smaller.entries_before) == (3, 8)
    assert smaller.seed == 13


def test_shrink_narrows_parameters_to_the_least_that_still_fail() -> None:
    smaller = shrunk()

    # In three rounds of eight values, from the least to the first one that fails.
    assert 40 < smaller.parameters["peak"] <= 42
    assert smaller.parameters["flow"] == "1/s"
    scenario = load(smaller.texts["main.yaml"], "m", read_file=smaller.texts.__getitem__)
    assert scenario.values == smaller.parameters
