"""The safe subset of YAML: the allowed syntax, and the position of each value."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.scenario.language import tree
from emulator.scenario.language.errors import InvalidScenario
from tests.support.tables import table


@table(
    ("text", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("NO", "NO"),
        ("true", True),
        ("~", None),
        ("12", 12),
        ("012", 12),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("10:30", "10:30"),
        ("2026-01-01", "2026-01-01"),
        ("9" * 30, "9" * 30),
    ],
)
def test_tree_scalars_are_read_as_in_yaml_1_2(text: str, value: object) -> None:
    result = tree.read(f"a: {text}", "x.yaml").plain()["a"]

    assert result == value
    assert type(result) is type(value)


def test_tree_comma_in_brackets_does_not_end_a_value() -> None:
    text = """
flow: {stay: lognormal(8m, 1.0), both: "a (b", c: , d: f(1, 2, 3), e: }
block:
  first: half (open
  second:
"""

    assert tree.read(text, "x.yaml").plain() == {
        "flow": {
            "stay": "lognormal(8m, 1.0)",
            "both": "a (b",
            "c": None,
            "d": "f(1, 2, 3)",
            "e": None,
        },
        "block": {"first": "half (open", "second": None},
    }


def test_tree_quotes_make_anything_a_text() -> None:
    assert tree.read("a: '12'\nb: \"true\"", "x.yaml").plain() == {"a": "12", "b": "true"}


@table(
    ("text", "rule", "line"),
    [
        ("a: 1\nb: !!python/object:os.system x", "no-tags", 2),
        ("a: 1\na: 2", "twice", 2),
        ("a: 1\n---\nb: 2", "one-document", 2),
        ("a: *nobody", "aliases", 1),
        ("a: &a [*a]", "aliases", 1),
        ("a: [1, 2", "yaml", 2),
        ("? [1, 2]\n: 3", "keys", 1),
        ("a: " + "[" * 40 + "]" * 40, "too-deep", 1),
        ("a: " + "x" * 2**20, "too-large", 1),
        ("a: &a 1\nb: [" + "*a, " * 101 + "]", "aliases", 2),
    ],
)
def test_tree_unsafe_content_is_refused_at_its_place(text: str, rule: str, line: int) -> None:
    with pytest.raises(InvalidScenario) as refused:
        tree.read(text, "x.yaml")

    assert rule in {error.rule for error in refused.value.errors}
    assert line in {error.line for error in refused.value.errors}


def test_tree_exploding_aliases_are_refused_early() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 9):
        stars = ", ".join([f"*a{level - 1}"] * 10)
        levels.append(f"a{level}: &a{level} [{stars}]")

    with pytest.raises(InvalidScenario) as refused:
        tree.read("\n".join(levels), "x.yaml")

    assert {error.rule for error in refused.value.errors} == {"too-large"}


@given(st.text(max_size=300))
def test_tree_any_text_is_a_tree_or_refused_with_a_message(text: str) -> None:
    with suppress(InvalidScenario):
        tree.read(text, "x.yaml").plain()
