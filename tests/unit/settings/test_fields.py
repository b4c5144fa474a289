"""Settings: valid values, alone and in combination, and that each setting is documented."""

import re
from pathlib import Path
from typing import Any

import pytest

from emulator.core.setting import Setting
from emulator.machine.places import default_folder
from emulator.media.ingest.config import RtmpConfig
from emulator.media.track_waits import TrackWaits
from emulator.settings import MEMORY, Settings, WrongSetting
from emulator.settings.fields import SETTINGS
from emulator.world.rules import RulesConfig
from tests.support.tables import table

PACKAGE = Path(__file__).parents[3] / "emulator"


def test_settings_defaults_are_the_documented_ones() -> None:
    settings = Settings()

    assert (settings.host, settings.port) == ("127.0.0.1", 8787)
    assert (settings.rtmp_port, settings.rtmps_port) == (1935, 1936)
    assert (
        settings.rules.reconnect_window_ms,
        settings.media.segment_ms,
        settings.media.part_ms,
    ) == (
        10_000,
        2_000,
        100,
    )
    assert (settings.rules.streams_per_user, settings.rules.stream_creations_per_minute) == (1, 10)
    assert not settings.is_in_memory


def test_settings_are_frozen_after_their_check() -> None:
    with pytest.raises(AttributeError, match="a setting does not change: port"):
        Settings().port = 1  # That is under test.


@table(
    ("values", "message"),
    [
        ({"port": 70_000}, "port: 70000 is out of range: 0 to 65535."),
        ({"port": "8787"}, "port: '8787' is a str, which it cannot be."),
        ({"host": ""}, "host: must not be empty."),
        ({"log_format": "xml"}, "log_format: 'xml' is not one of text, json."),
        ({"segment_ms": 100}, "segment_seconds: 100ms is out of range: 500ms to 10s."),
        ({"rtmps_cert": Path("a.pem")}, "rtmps_cert and rtmps_key go together"),
        ({"part_ms": 1_500}, "part_ms: 1500 is too long for segments of 2000 ms"),
        ({"port": 1935}, "must differ, or be 0."),
        ({"rtmp_idle_ms": 1}, "rtmp_idle_ms: 1ms is out of range: 100ms to"),
        ({"simulcast_hosts": "10.0.0.0/99"}, "simulcast_hosts: "),
        ({"allow_origin": "nonsense/"}, "allow_origin: "),
        ({"allow_host": "a b"}, "allow_host: "),
    ],
)
def test_settings_invalid_values_are_refused_with_a_message(
    values: dict[str, Any], message: str
) -> None:
    with pytest.raises(WrongSetting) as refusal:
        Settings(**values)

    assert message in str(refusal.value)


def test_settings_each_is_a_field_of_its_part_s_config() -> None:
    settings = Settings(rtmp_idle_ms=500, strict_auth=True, gap_wait_ms=100)

    assert settings.rtmp == RtmpConfig(idle_ms=500)
    assert settings.rules == RulesConfig(is_auth_strict=True)
    assert settings.broadcasts.track_waits == TrackWaits(gap_wait_ms=100)
    assert settings.changed(rtmp_idle_ms=30_000, strict_auth=False, gap_wait_ms=500) == Settings()


def test_settings_unknown_name_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="there is no setting idle_ms"):
        Settings(idle_ms=500)


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


@table("setting", SETTINGS, ids=lambda setting: setting.key)
def test_settings_defaults_can_be_written_and_read_again(setting: Setting) -> None:
    default = Settings().value_of(setting)
    shown = setting.kind.show(default)

    if shown != "none":
        assert str(setting.kind.parse(shown)).replace("~", str(Path.home())) == str(default)


def test_settings_each_is_read_somewhere() -> None:
    """Each setting must have an effect."""
    code = "".join(
        path.read_text("utf-8")
        for path in PACKAGE.rglob("*.py")
        if path.parent.name != "cli" and path.name not in {"sources.py", "reference.py"}
    )
    # `serve` writes the ready file and sets up the log: the command reads those two.
    for_the_command = {"ready_file", "log_format"}
    unread = [
        setting.key
        for setting in SETTINGS
        if not re.search(rf"\.{setting.field.rpartition('.')[2]}\b", code)
        and setting.key not in for_the_command
    ]

    assert not unread
