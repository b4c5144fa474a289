"""An event log is replayed byte for byte."""

import asyncio
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.cli.scenario.replaying import replay
from emulator.scenario.language.errors import InvalidScenario
from emulator.scenario.record.replay import read
from tests.support.scenario_run import play
from tests.support.tables import table

SCENARIO = """
scenario: Evening
world:
  users: [{name: ada}, {name: bob}]
  streams: [{name: s, owner: ada, title: "Grüße"}]
timeline:
  - publish.start: s
  - {for: 10s, viewers.ramp: {stream: s, to: 100}}
  - {for: 10s, chat.flood: {stream: s, rate: 3/s, authors: 5, lines: [german, emoji]}}
  - chat.ban: {stream: s, user: bob}
  - publish.drop: {stream: s}
  - wait: 30s
"""


async def test_replay_repeats_a_log_byte_for_byte(tmp_path: Path) -> None:
    lines: list[str] = []
    played = await play(SCENARIO, write=lines.append)
    text = "".join(lines)
    path = tmp_path / "run.jsonl"
    path.write_text(text, "utf-8")

    # Another thread, since the replay runs its own event loop.
    report = await asyncio.to_thread(replay, path, 0.0)

    assert played.is_fine
    assert report["outcome"] == "passed"
    assert report["log_hash"] == played.runner.log_hash
    assert report["log_hash"] == hashlib.sha256(text.encode()).hexdigest()
    assert report["chat_posted"] > 10


@table(
    ("line", "message"),
    [
        ("nothing", "This is not JSON."),
        ('{"at": 1}', "An event has at, kind, seq and values."),
        ('{"at":0,"kind":"Nothing","seq":1,"values":{}}', "There is no event Nothing."),
        ('{"at":0,"kind":"VodReady","seq":1,"values":{}}', "VodReady has the values"),
        ('{"at":0.5,"kind":"VodReady","seq":1,"values":{}}', "at is in milliseconds"),
        ('{"at":0,"kind":"VodReady","seq":2,"values":{}}', "seq counts the lines"),
    ],
)
def test_replay_invalid_log_is_refused_with_its_line(line: str, message: str) -> None:
    with pytest.raises(InvalidScenario) as refused:
        read(line, "x.jsonl")

    assert str(refused.value).startswith("x.jsonl:1:1: event-log: ")
    assert message in str(refused.value)


@given(st.text(max_size=200))
def test_replay_any_text_is_a_log_or_refused_with_a_message(text: str) -> None:
    try:
        read(text, "x.jsonl")
    except InvalidScenario as refused:
        input_errors = refused.errors
    else:
        input_errors = []
    assert bool(input_errors) == bool(text.splitlines())
