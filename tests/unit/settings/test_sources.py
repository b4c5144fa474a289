"""The sources of settings, their precedence, and each one's error messages."""

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from emulator.settings import Settings, WrongSetting, add_flags, gather
from emulator.settings.fields import SETTINGS
from tests.support.tables import table

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "live-emulator.yaml"
        path.write_text(text, "utf-8")
        return path

    return write


def parsed(*arguments: str) -> dict[str, object]:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_flags(parser)
    return vars(parser.parse_args(arguments))


def test_settings_sources_later_source_wins_over_earlier(write: Write) -> None:
    # Given a file that sets three values, an environment that sets two of them, and one flag,
    path = write("port: 1001\nrtmp_port: 1002\nrtmps_port: 1003\n")
    environment = {"LIVE_EMULATOR_RTMP_PORT": "2002", "LIVE_EMULATOR_RTMPS_PORT": "2003"}

    # when all are read,
    settings = gather(parsed("--settings", str(path), "--rtmps-port", "3003"), environment)

    # then flags go before the environment, which goes before the file, and the rest has its
    # defaults.
    assert (settings.port, settings.rtmp_port, settings.rtmps_port) == (1001, 2002, 3003)
    assert settings.host == Settings().host


def test_settings_sources_environment_may_name_the_settings_file(write: Write) -> None:
    path = write("reconnect_window: 30s\n")

    assert gather({}, {"LIVE_EMULATOR_SETTINGS": str(path)}).rules.reconnect_window_ms == 30_000


def test_settings_sources_flag_can_be_negated_on_the_command_line(write: Write) -> None:
    path = write("takeover: true\nstrict_auth: yes\n")

    settings = gather(parsed("--settings", str(path), "--no-takeover"), {})

    assert not settings.rules.is_takeover_allowed
    assert settings.rules.is_auth_strict


def test_settings_sources_every_flag_is_a_variable_and_a_file_key(
    write: Write,
) -> None:
    for setting in SETTINGS:
        shown = setting.kind.show(Settings().value_of(setting))
        if shown == "none":
            continue
        from_file = gather({"settings": str(write(f"{setting.key}: '{shown}'\n"))}, {})
        from_environment = gather({}, {setting.variable: shown})
        # The file's path is relative to the file, which is tested elsewhere.
        if setting.name != "data":
            assert from_file == Settings()
        assert from_environment == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nprot: 80\n", ":2: prot is not a setting. Did you mean port?"),
        ("reconnect-window: 1\n", ":1: reconnect-window is not a setting. Did you mean"),
        ("zzz: 1\n", ":1: zzz is not a setting. See `live-emulator serve --help`."),
        ("port: 1\nport: 2\n", ":2: port was set before, in line 1."),
        ("port: [1, 2]\n", ":1: port takes one value, not a list or a table."),
        ("port: eight\n", ":1: port: 'eight' is not a whole number."),
        ("port: 99999\n", ":1: port: 99999 is out of range: 0 to 65535."),
        ("host:\n", ":1: host: must not be empty."),
        ("port: {\n", "this is not YAML"),
        ("- port\n", ":1: expected lines such as `port: 8787`."),
        ("just words\n", ":1: expected lines such as `port: 8787`."),
        ("port: 1\0\n", "this is not YAML"),
    ],
)
def test_settings_sources_file_error_has_its_line(write: Write, text: str, message: str) -> None:
    path = write(text)

    with pytest.raises(WrongSetting) as refusal:
        gather({"settings": str(path)}, {})

    assert str(refusal.value).startswith(str(path))
    assert message in str(refusal.value)


def test_settings_sources_empty_file_sets_nothing(write: Write) -> None:
    assert gather({"settings": str(write("# nothing yet\n"))}, {}) == Settings()


def test_settings_sources_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match=r"none\.yaml cannot be read: No such file"):
        gather({"settings": str(tmp_path / "none.yaml")}, {})


def test_settings_sources_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(WrongSetting, match="is not a text file in UTF-8"):
        gather({"settings": str(path)}, {})


def test_settings_sources_paths_in_the_file_are_relative_to_it(write: Write) -> None:
    path = write("data: kept\nready_file: ready.json\nrtmps_cert: /c.pem\nrtmps_key: /k.pem\n")

    settings = gather({"settings": str(path)}, {})

    assert settings.data == str(path.parent / "kept")
    assert settings.ready_file == path.parent / "ready.json"
    assert settings.rtmps_cert == Path("/c.pem")


def test_settings_sources_memory_in_the_file_stays_memory(write: Write) -> None:
    assert gather({"settings": str(write("data: ':memory:'\n"))}, {}).is_in_memory


@table(
    ("variable", "message"),
    [
        (("LIVE_EMULATOR_PORT", "x"), "LIVE_EMULATOR_PORT: 'x' is not a whole number."),
        (
            ("LIVE_EMULATOR_PROT", "1"),
            "LIVE_EMULATOR_PROT is not a setting. Did you mean LIVE_EMULATOR_PORT?",
        ),
    ],
)
def test_settings_sources_environment_error_names_its_variable(
    variable: tuple[str, str], message: str
) -> None:
    with pytest.raises(WrongSetting) as refusal:
        gather({}, dict([variable]))

    assert str(refusal.value) == message


def test_settings_sources_foreign_variables_are_ignored() -> None:
    environment = {
        "LIVE_EMULATOR_URL": "http://127.0.0.1:1",
        "LIVE_EMULATOR_API_KEY": "ak_demo",
        "LIVE_EMULATOR_TESTS_PEERS": "required",
        "LIVE_EMULATOR_PORT": "",
        "PORT": "80",
    }

    assert gather({}, environment) == Settings()


def test_settings_sources_flag_error_names_its_flag() -> None:
    with pytest.raises(WrongSetting, match="--disk-limit: invalid size 'lots'"):
        gather(parsed("--disk-limit", "lots"), {})


@given(text=st.text(max_size=60))
@hypothesis_settings(max_examples=300)
def test_settings_sources_any_file_is_read_or_refused_with_a_message(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, "utf-8", newline="")
    try:
        gather({"settings": str(path)}, {})
    except WrongSetting as refusal:
        assert str(refusal).startswith(str(path))  # noqa: PT017 -- most texts raise, some do not
