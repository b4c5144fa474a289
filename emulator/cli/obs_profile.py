"""`obs-profile`: an OBS profile for one stream, ready to go live. Its file holds the stream key."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.cli import Failed
from emulator.cli.lib.api import Api
from emulator.cli.watch import add_server_flags, find
from emulator.machine.files import write_whole

NAME = "obs-profile"
HELP = "write an OBS profile that is ready to go live"
EXAMPLES = """
  live-emulator obs-profile STREAM_ID
  live-emulator obs-profile STREAM_ID --install
  live-emulator obs-profile STREAM_ID --rtmps --out my-profile
"""

_PROFILE = "live-emulator"
_VIDEO_KBITS = 2500
_AUDIO_KBITS = 160
# Viewers wait for a key frame: with OBS's default (0, up to 10 s), players start late.
_KEYFRAME_SECONDS = 2

# Advanced output, because the simple one has no setting for the key frame interval.
_BASIC_INI = f"""[General]
Name={_PROFILE}

[Output]
Mode=Advanced

[AdvOut]
Encoder=obs_x264
RecEncoder=none
TrackIndex=1
Track1Bitrate={_AUDIO_KBITS}

[Video]
BaseCX=1280
BaseCY=720
OutputCX=1280
OutputCY=720
FPSType=0
FPSCommon=30

[Audio]
SampleRate=48000
ChannelSetup=Stereo
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stream", metavar="STREAM_ID", help="one of your own streams")
    parser.add_argument("--rtmps", action="store_true", help="publish over RTMPS (see `trust`)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--out",
        default=f"{_PROFILE}-obs",
        metavar="DIR",
        help="folder to write to; default: %(default)s",
    )
    where.add_argument(
        "--install", action="store_true", help="write into the folder of OBS's profiles"
    )
    add_server_flags(parser)


def run(args: argparse.Namespace) -> int:
    stream = find(Api(args.server, args.api_key), args.stream)
    if "stream_key" not in stream:
        raise Failed("Only the stream's owner can push to it: give the owner's --api-key.")
    if stream["status"] == "ended":
        raise Failed("This stream has ended, which is final: make a new one.")
    server = stream["rtmps_url" if args.rtmps else "rtmp_url"]
    folder = _obs_profiles() / _PROFILE if args.install else Path(args.out)
    try:
        write(folder, server, stream["stream_key"])
    except OSError as failure:
        raise Failed(f"{folder} cannot be written: {failure.strerror}.") from None
    print(f"Written: {folder}")
    if args.install:
        print(f"In OBS (restart it first): Profile, {_PROFILE}; then Start Streaming.")
    else:
        print(f"In OBS: Profile, Import, choose {folder}; then Profile, {_PROFILE}.")
    if args.rtmps:
        print("OBS checks the certificate: `live-emulator trust` says how to make it trusted.")
    return 0


def write(folder: Path, server: str, key: str) -> None:
    """Write the profile's three files into `folder`. Raises `OSError`."""
    service: dict[str, Any] = {
        "type": "rtmp_custom",
        "settings": {"server": server, "key": key, "use_auth": False, "bwtest": False},
    }
    encoder = {
        "bitrate": _VIDEO_KBITS,
        "keyint_sec": _KEYFRAME_SECONDS,
        "preset": "veryfast",
        "profile": "high",
        "rate_control": "CBR",
        "tune": "zerolatency",
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "service.json", json.dumps(service, indent=4).encode(), mode=0o600)
    write_whole(folder / "streamEncoder.json", json.dumps(encoder, indent=4).encode())
    write_whole(folder / "basic.ini", _BASIC_INI.encode())


def _obs_profiles() -> Path:
    """The folder of OBS's profiles. Raises `Failed` if OBS was never started here."""
    for folder in obs_folders(sys.platform, Path.home(), os.environ):
        if folder.is_dir():
            return folder / "basic/profiles"
    raise Failed("OBS keeps no profiles here yet: start it once, or use --out DIR and import that.")


def obs_folders(platform: str, home: Path, variables: Mapping[str, str]) -> list[Path]:
    """The folders in which OBS may keep its settings on `platform` (a value of `sys.platform`)."""
    if platform == "win32":
        roaming = variables.get("APPDATA")
        return [(Path(roaming) if roaming else home / "AppData/Roaming") / "obs-studio"]
    if platform == "darwin":
        return [home / "Library/Application Support/obs-studio"]
    config = Path(variables.get("XDG_CONFIG_HOME") or home / ".config")
    return [config / "obs-studio", home / ".var/app/com.obsproject.Studio/config/obs-studio"]
