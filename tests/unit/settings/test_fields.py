"""Settings: what may be, alone and in pairs, and that each is documented where declared."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from emulator.machine.places import default_folder
from emulator.settings import MEMORY, Settings, WrongSetting
from emulator.settings.fields import DECLARED
from tests.support.tables import table

PACKAGE = Path(__file__).parents[3] / "emulator"


def test_settings_defaults_are_the_documented_ones() -> None:
    settings = Settings()

    assert (settings.host, settings.port) == ("127.0.0.1", 8787)
    assert (settings.rtmp_port, settings.rtmps_port) == (1935, 1936)
    assert (settings.reconnect_window_ms, settings.segment_ms, settings.part_ms) == (
        10_000,
        2_000,
        200,
    )
    assert (settings.streams_per_user, settings.stream_creations_per_minute) == (1, 10)
    assert not settings.is_in_memory


def test_settings_are_frozen_after_their_check() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]  # that is the point


@table(
    ("values", "message"),
    [
        ({"port": 70_000}, "port: 70000 is out of range: 0 to 65535."),
        ({"host": ""}, "host: must not be empty."),
        ({"log_format": "xml"}, "log_format: 'xml' is not one of text, json."),
        ({"segment_ms": 100}, "segment_seconds: 100ms is out of range: 500ms to 10s."),
        ({"rtmps_cert": Path("a.pem")}, "rtmps_cert and rtmps_key go together"),
        ({"part_ms": 1_500}, "part_ms: 1500 is too long for segments of 2000 ms"),
        ({"port": 1935}, "must differ, or be 0."),
    ],
)
def test_settings_invalid_values_are_refused_with_a_message(
    values: dict[str, Any], message: str
) -> None:
    with pytest.raises(WrongSetting) as refusal:
        Settings(**values)

    assert message in str(refusal.value)


def test_settings_system_chosen_ports_may_all_be_0() -> None:
    assert Settings(port=0, rtmp_port=0, rtmps_port=0).port == 0


def test_settings_memory_is_no_folder() -> None:
    assert Settings(data=MEMORY).is_in_memory


def test_settings_data_goes_to_the_cache_folder_of_the_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere/cache")
    assert default_folder() == Path("/somewhere/cache/live-emulator")

    # XDG Base Directory: a relative path there is to be ignored.
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert default_folder() == Path.home() / ".cache/live-emulator"

    monkeypatch.setattr("sys.platform", "darwin")
    assert default_folder() == Path.home() / "Library/Caches/live-emulator"


@table("declared", DECLARED, ids=lambda declared: declared.key)
def test_settings_defaults_can_be_written_and_read_again(declared: Any) -> None:
    default = getattr(Settings(), declared.attribute)
    shown = declared.kind.show(default)

    if shown != "none":
        assert str(declared.kind.parse(shown)).replace("~", str(Path.home())) == str(default)


def test_settings_each_is_read_somewhere() -> None:
    """A setting that does nothing would be a lie."""
    code = "".join(
        path.read_text("utf-8")
        for path in PACKAGE.rglob("*.py")
        if path.parent.name not in {"settings", "cli"}
    )
    # `serve` writes the ready file and sets up the log: those two are the command's own.
    for_the_command = {"ready_file", "log_format"}
    unread = [
        declared.key
        for declared in DECLARED
        if f"settings.{declared.attribute}" not in code and declared.key not in for_the_command
    ]

    assert not unread
