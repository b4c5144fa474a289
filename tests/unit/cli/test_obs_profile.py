"""`obs-profile`: the three files that OBS reads."""

import configparser
import json
from pathlib import Path

from emulator.cli.obs_profile import write


def test_obs_profile_has_server_key_and_a_key_frame_every_two_seconds(tmp_path: Path) -> None:
    folder = tmp_path / "profile"

    write(folder, "rtmp://127.0.0.1:1935/live", "live_key")

    service = json.loads((folder / "service.json").read_text())
    assert service["type"] == "rtmp_custom"
    assert service["settings"]["server"] == "rtmp://127.0.0.1:1935/live"
    assert service["settings"]["key"] == "live_key"
    encoder = json.loads((folder / "streamEncoder.json").read_text())
    assert encoder["keyint_sec"] == 2
    basic = configparser.ConfigParser()
    basic.read(folder / "basic.ini")
    # The simple output mode has no key frame interval.
    assert basic["Output"]["Mode"] == "Advanced"
    assert basic["General"]["Name"] == "live-emulator"


def test_obs_profile_file_with_the_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    write(tmp_path, "rtmp://127.0.0.1:1935/live", "live_key")

    assert (tmp_path / "service.json").stat().st_mode & 0o777 == 0o600
