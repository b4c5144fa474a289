"""From a scenario's text to steps, or to all of its errors at once."""

from contextlib import suppress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from emulator.scenario.actions import registry
from emulator.scenario.language.errors import InvalidScenario
from emulator.scenario.language.load import Known, load
from emulator.scenario.language.scenario import After, At, On
from tests.support.tables import table

LAUNCH = """
scenario: Launch night
about: A product launch.
seed: 7
params:
  peak: {type: integer, default: 50, min: 1, max: 1000, help: Viewers at the top}
  quiet: {type: duration, default: 10s}
world:
  users: [{name: ada, followers: 12}]
  streams: [{name: launch, owner: ada, title: Launch night}]
timeline:
  - stream.start: {stream: launch}
  - expect: {stream.launch.status: live}
    within: 5s
  - {name: quiet, at: 10s, wait: $quiet}
  - {name: loud, if: $peak > 100, log: It is loud}
  - on: {chat.held: {stream: launch}}
    log: A line was held.
  - after: quiet + 2m
    stream.end: launch
expect:
  stream.launch.peak_viewers: {between: [0.9 * $peak, $peak]}
"""


def errors(text: str, **options: object) -> list[str]:
    with pytest.raises(InvalidScenario) as refused:
        load(text, "x.yaml", **options)  # type: ignore[arg-type]
    return [str(error) for error in refused.value.errors]


def test_load_scenario_is_read_whole() -> None:
    scenario = load(LAUNCH, "x.yaml")

    assert scenario.seed == 7
    assert [step.trigger for step in scenario.steps] == [
        After(None, 0),
        After(0, 0),
        At(10_000),
        After(2, 0),
        On("chat.held", {"stream": "launch"}),
        After(2, 120_000),
    ]
    assert [step.is_off for step in scenario.steps] == [False, False, False, True, False, False]
    assert scenario.expectations[0].condition == {"between": [45, 50]}


def test_load_parameters_come_from_the_caller() -> None:
    scenario = load(LAUNCH, "x.yaml", chosen={"peak": "200", "quiet": "1m"})

    assert scenario.values == {"peak": 200, "quiet": "1m"}
    assert not scenario.steps[3].is_off


@table(
    ("chosen", "message"),
    [
        ({"peek": 3}, "There is no parameter peek; did you mean peak?"),
        ({"peak": 0}, "peak: 0 is out of range: at least 1."),
        ({"peak": "many"}, "peak: 'many' is not of the type integer."),
        ({"quiet": "10"}, "quiet: invalid duration '10'; write it like 500ms, 10s, 1m30s or 1.5h."),
    ],
)
def test_load_invalid_parameter_is_refused(chosen: dict[str, object], message: str) -> None:
    assert [error.split(": ", 2)[2] for error in errors(LAUNCH, chosen=chosen)] == [message]


def test_load_parameter_without_default_is_required() -> None:
    text = "scenario: x\nparams:\n  n: {type: integer}\n"

    assert "give it, as in -p n=" in errors(text)[0]
    assert load(text, "x.yaml", chosen={"n": 3}).values == {"n": 3}


WRONG = """
scenario: Launch
abuot: A word too much
world:
  users: [{name: ada, folowers: 12}]
  streams: [{name: launch, owner: adda, title: 7}]
timeline:
  - stream.strat: {stream: launch}
  - stream.start: {straem: launch}
  - expect: {stream.lunch.status: live, viewers: 3}
    within: 5
  - {name: w, at: -10s, wait: 10s}
  - after: ww + 2m
    if: $peek > 10
    stream.end: launch
  - on: {chat.hled: {}}
    log: hello
  - {log: a, wait: 3s}
  - {at: 3s, after: w, log: b}
  - on: {chat.held: {stream: lunch, user: adda, reason: {abov: 3}}}
    chat.script: {stream: launch, file: lines.txt}
expect:
  stream.launch.status: {above: 3}
"""


def test_load_errors_come_together_with_place_rule_and_nearest_word() -> None:
    names = errors(WRONG, read_file=lambda _: "1s ada: Hello!\n2s adda: Hello!\n")

    for expected in (
        "x.yaml:3:1: unknown-key: abuot is not known here; did you mean about?",
        "x.yaml:5:23: unknown-key: folowers is not known here; did you mean followers?",
        "x.yaml:6:48: type: Write a text here; put it in quotes if it looks like a number.",
        "x.yaml:8:5: unknown-action: stream.strat is neither an action nor a word of a step;"
        " did you mean stream.start?",
        "x.yaml:9:20: unknown-key: straem is not known here; did you mean stream?",
        "x.yaml:10:14: unknown-stream: stream.lunch.status: there is no stream lunch;"
        " did you mean launch?",
        "x.yaml:11:13: value: Invalid duration '5'; write it like 500ms, 10s, 1m30s or 1.5h.",
        "x.yaml:12:19: value: Invalid duration '-10s'; write it like 500ms, 10s, 1m30s or 1.5h.",
        "x.yaml:14:9: unknown-parameter: There is no parameter $peek; there are none here.",
        "x.yaml:16:9: unknown-event: There is no event chat.hled; did you mean chat.held?",
        "x.yaml:18:14: one-action: A step has one action: make log and wait separate steps.",
        "x.yaml:20:30: unknown-stream: There is no stream lunch; did you mean launch?",
        "x.yaml:20:43: unknown-user: There is no user adda; did you mean ada?",
        "x.yaml:20:57: condition: reason: abov is not a condition; did you mean above?",
        "x.yaml:21:18: unknown-user: lines.txt: there is no user adda; did you mean ada?",
        "x.yaml:19:14: one-trigger: A step begins once: at or after, not both.",
    ):
        assert expected in names
    assert any("above compares numbers, and this is a text" in each for each in names)
    assert any("There is nothing called viewers" in each for each in names)


@table("file", ["/etc/hosts", "../film.mp4", "a/../../film.mp4"])
def test_load_film_outside_the_folder_is_refused(file: str) -> None:
    text = LAUNCH.replace("stream.start: {", f"publish.start: {{file: {file}, ", 1)

    assert "Name a file in the scenario's folder" in errors(text)[0]


def test_load_steps_that_wait_for_each_other_are_refused() -> None:
    text = """
scenario: x
timeline:
  - {name: a, after: b, log: one}
  - {name: b, after: a, log: two}
"""

    assert {error.split(": ")[1] for error in errors(text)} == {"circle"}


def test_load_seeded_names_are_known() -> None:
    text = "scenario: x\nworld: {streams: [{name: s, owner: urbantech, title: Hi}]}"

    assert "There is no user urbantech" in errors(text)[0]
    load(text, "x.yaml", known=Known(users=frozenset({"urbantech"})))


def test_load_included_file_has_its_parameters_and_time() -> None:
    other = """
scenario: Other
params: {n: {type: integer}}
timeline:
  - {at: 5s, log: number $n}
"""
    text = """
scenario: x
timeline:
  - {include: other.yaml, at: 1m, with: {n: 3}}
"""
    scenario = load(text, "x.yaml", read_file={"other.yaml": other}.__getitem__)

    assert scenario.steps[0].trigger == At(65_000)
    assert scenario.steps[0].place.file == "other.yaml"
    assert scenario.steps[0].action.model_dump() == {"says": "number 3"}


def test_load_file_that_includes_itself_is_refused() -> None:
    text = "scenario: x\ntimeline:\n  - include: x.yaml\n"

    assert "x.yaml includes itself" in errors(text, read_file=lambda _: text)[0]


@table("name", sorted(registry.every()))
def test_load_every_action_has_a_summary_and_a_valid_example(name: str) -> None:
    action = registry.every()[name]
    own = action.__doc__ or ""
    text = f"""
scenario: x
world:
  users: [{{name: ada}}, {{name: bob}}]
  streams: [{{name: launch, owner: ada, title: Launch}}, {{name: other, owner: bob, title: Other}}]
timeline:
  - {action.example}
"""

    scenario = load(
        text,
        "x.yaml",
        known=Known(users=frozenset({"urbantech"})),
        read_file=lambda _: "1s bob: Hello!",
    )

    assert own.strip()
    assert [step.action.name for step in scenario.steps] == [name]


@given(
    st.recursive(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(),
            st.text(max_size=20),
            st.sampled_from(["$x", "launch", "10s", "live"]),
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(
                st.one_of(
                    st.sampled_from(
                        [
                            "timeline",
                            "world",
                            "expect",
                            "streams",
                            "users",
                            "at",
                            "after",
                            "on",
                            "log",
                            "wait",
                            "stream.start",
                            "stream",
                            "name",
                            "for",
                        ]
                    ),
                    st.text(max_size=10),
                ),
                inner,
                max_size=5,
            ),
        ),
        max_leaves=30,
    )
)
def test_load_any_tree_is_a_scenario_or_refused_with_a_message(content: object) -> None:
    for text in (yaml.safe_dump({"scenario": "x", "timeline": content}), yaml.safe_dump(content)):
        with suppress(InvalidScenario):
            load(text, "x.yaml")


def test_load_stops_at_a_thousand_errors() -> None:
    text = "".join(f"unknown{number}: 1\n" for number in range(5_000))
    with pytest.raises(InvalidScenario) as invalid:
        load(text, "many.yaml")
    assert len(invalid.value.errors) == 1_001


@table(
    ("step", "message"),
    [
        (
            "{refused: slow_mod, log: hi}",
            "value: Nothing is refused with slow_mod; did you mean slow_mode?",
        ),
        (
            "{refused: nonsense, log: hi}",
            "value: Nothing is refused with nonsense. Known are bad_request, banned,",
        ),
        (
            "expect: {stream.launch.status: lvie}",
            "condition: stream.launch.status: it can never be lvie; did you mean live?",
        ),
        (
            "expect: {stream.launch.status: {one_of: [live, endde]}}",
            "condition: stream.launch.status: it can never be endde; did you mean ended?",
        ),
        (
            "expect: {vod.launch.status: {not: proccessing}}",
            "condition: vod.launch.status: it can never be proccessing; did you mean processing?",
        ),
        (
            "publish.start: {stream: launch, size: 1281x721}",
            "publish.start: Width and height must be even, not 1281x721.",
        ),
        (
            "{publish.degrade: {stream: launch, bitrate: 1k}, for: 3s}",
            "publish.degrade: The bit rate in kbit/s must be 50 to 200000, not 1.",
        ),
        (
            "{on: {chat.posted: {message_type: mesage}}, log: hi}",
            "condition: message_type: it can never be mesage; did you mean message?",
        ),
    ],
)
def test_load_impossible_word_is_reported_with_the_nearest(step: str, message: str) -> None:
    [error] = errors(LAUNCH.replace("timeline:", f"timeline:\n  - {step}"))
    assert message in error


@table(
    ("text", "line"),
    [
        ("scenario: x\ntimeline:\n\t- log: hi\n", 3),
        ("scenario: x\ntimeline:\n  - log: hi\n\t- log: hi\n", 4),
        ("scenario: x\ntimeline:\n  - expect:\n  \tstream.x.status: live\n", 4),
        ("scenario: x\nworld:\n\tusers: []\n", 3),
        ("scenario: x\n\tabout: y\n", 2),
    ],
)
def test_load_tab_is_called_a_tab(text: str, line: int) -> None:
    [error] = errors(text)
    assert error == (
        f"x.yaml:{line}:1: tab: Line {line} is indented with a tab; YAML wants spaces."
    )


def test_load_world_with_the_same_thing_twice_is_refused() -> None:
    text = """
scenario: Twice
world:
  users: [{name: ada}, {name: ada}]
  streams:
    - {name: a, owner: ada, title: One}
    - {name: a, owner: ada, title: Two}
  categories: [{name: C, slug: c}, {name: D, slug: c}]
timeline:
  - viewers.set: {stream: a, count: 9, countries: {DE: 70%, US: 40%}}
"""
    assert errors(text) == [
        "x.yaml:4:31: twice: There is a user ada already, in line 4.",
        "x.yaml:7:14: twice: There is a stream a already, in line 6.",
        "x.yaml:8:52: twice: There is a category c already, in line 8.",
        "x.yaml:10:51: value: The shares are 1.1 together; they may be 1 (100%) at most.",
    ]


OWNED = """
scenario: Owned
world:
  rules: {streams_per_user: RULE}
  users: [{name: ada}, {name: bob}]
  streams:
    - {name: a, owner: ada, title: One}
    - {name: b, owner: bob, title: Two}
    - {name: c, owner: ada, title: Three}
    - {name: d, existing: {owner: ada}}
"""


def test_load_owner_with_too_many_streams_is_refused() -> None:
    [error] = errors(OWNED.replace("RULE", "1"))

    assert error.startswith("x.yaml:9:24: too-many: ada has the stream a already, in line 7, and")
    for rule in ("2", "0"):
        assert load(OWNED.replace("RULE", rule), "x.yaml").world.streams[2].name == "c"
    default = OWNED.replace("RULE", "null")
    assert len(errors(default)) == 1
    assert load(default, "x.yaml", known=Known(streams_per_user=2))


def test_load_user_of_the_world_must_be_possible() -> None:
    text = """
scenario: Users
world:
  users: [{name: -ada}, {name: bob, follows: [eve, bob]}, {name: eve}]
"""
    assert errors(text) == ["x.yaml:4:18: value: A username does not begin with a dot or a dash."]
    assert errors(text.replace("-ada", "ada")) == ["x.yaml:4:51: value: bob cannot follow bob."]


@table(
    ("fault", "message"),
    [
        ("api.fail: {operation: GET /nope}", "There is no operation 'GET /nope'."),
        ("api.cut: {operation: HEAD /streamz/}", "Did you mean GET /streams?"),
        ("webhook.fail: {event: stream.lives}", "Did you mean stream.live?"),
    ],
)
def test_load_fault_of_an_unknown_name_is_refused(fault: str, message: str) -> None:
    known = Known(operations=lambda: ["GET /streams", "POST /streams"])
    text = "scenario: Faults\ntimeline:\n  - fault.start: {FAULT}\n"

    [error] = errors(text.replace("FAULT", fault), known=known)

    assert error.startswith("x.yaml:3:18: unknown-name: There is no ")
    assert message in error
    right = text.replace("FAULT", "api.fail: {operation: HEAD /streams/}")
    assert load(right, "x.yaml", known=known)
