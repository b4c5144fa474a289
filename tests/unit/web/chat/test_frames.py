"""Frames: any client message is a command or a `FrameError` with a code of the contract."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.web.chat.frames import (
    Ban,
    Clear,
    Command,
    Delete,
    FrameError,
    Ping,
    Say,
    Unban,
    parse,
)
from tests.support.tables import table

CODES = {"invalid_message", "empty_message"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
WORDS = (
    "type",
    "data",
    "content",
    "message_id",
    "user_id",
    "username",
    "reason",
    "duration_seconds",
)
KINDS = ("message", "chat_message", "delete", "clear", "ban", "unban", "ping", "")


@table(
    ("frame", "command"),
    [
        ({"type": "message", "content": "hi"}, Say("hi")),
        ({"type": "chat_message", "data": {"content": "hi"}}, Say("hi")),
        ({"type": "chat_message", "content": "a", "data": {"content": "b"}}, Say("b")),
        ({"type": "delete", "message_id": "x"}, Delete("x")),
        ({"type": "delete", "data": {"message_id": "x"}}, Delete("x")),
        ({"type": "clear"}, Clear()),
        ({"type": "ping", "data": None}, Ping()),
        ({"type": "ban", "username": "bob"}, Ban(None, "bob", None, None)),
        (
            {"type": "ban", "user_id": "u", "reason": "rude", "duration_seconds": 60},
            Ban("u", "u", "rude", 60),
        ),
        ({"type": "unban", "username": "bob"}, Unban(None, "bob")),
    ],
)
def test_chat_frames_valid_frame_is_a_command(frame: dict[str, object], command: Command) -> None:
    assert parse(json.dumps(frame)) == command


@table("words", [{"duration_seconds": 0}, {"duration_seconds": 10**12}, {"reason": "x" * 501}])
def test_chat_frames_ban_out_of_bounds_is_an_error(words: dict[str, object]) -> None:
    with pytest.raises(FrameError, match=next(iter(words))):
        parse(json.dumps({"type": "ban", "username": "bob", **words}))


@given(st.text() | st.binary())
@example("[" * 100_000)
@example('{"type":' * 10_000)
@example('{"type":"message","content":"\\ud83d"}')
@example("1" * 10_000)
def test_chat_frames_any_text_is_a_command_or_an_error(text: str | bytes) -> None:
    _parse(text)


@given(
    st.dictionaries(st.sampled_from(WORDS), st.sampled_from(KINDS) | JSON, max_size=5),
    st.sampled_from(KINDS) | st.text(max_size=60),
)
def test_chat_frames_any_object_is_a_command_or_an_error(
    words: dict[str, object], kind: str
) -> None:
    command = _parse(json.dumps({**words, "type": kind}))
    if isinstance(command, Say):
        # A command's text can be stored and sent on.
        assert command.content.encode()
        assert command.content.strip()


def _parse(text: str | bytes) -> Command | None:
    try:
        return parse(text)
    except FrameError as mistake:
        frame_error = mistake
    assert frame_error.code in CODES
    assert frame_error.message.encode()
    return None
