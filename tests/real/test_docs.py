"""The commands in the documents, run as they stand there; only addresses and keys are filled in."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.cli import parser_of
from tests.support.encoders import ffmpeg, film
from tests.support.walk import Walk, platform

PROJECT = Path(__file__).parents[2]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs/how-to").glob("*.md"))]
_BLOCK = re.compile(r"^( *)```console\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def commands(first_word: str) -> list[str]:
    """Every command in the pages that begins with this word."""
    lines = [
        line.strip()
        for page in PAGES
        for block in _BLOCK.finditer(page.read_text("utf-8"))
        for line in block[2].splitlines()
    ]
    found = [line for line in lines if line.split(" ")[0] == first_word]
    assert found, f"no {first_word} in the documents"
    return found


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform(reconnect_window_ms=300) as walk:
        yield walk


@pytest.mark.parametrize("line", commands("live-emulator"))
def test_every_command_of_ours_is_understood(line: str) -> None:
    _, name, *arguments = shlex.split(line)
    parser_of(name).parse_args(arguments)


@pytest.mark.parametrize("line", commands("curl"))
def test_every_quick_start_makes_a_stream(walk: Walk, line: str) -> None:
    line = line.replace("$BASE", walk.ready["http"]).replace("$API_KEY", walk.ready["api_key"])
    line = line.replace("http://127.0.0.1:8787", walk.ready["http"])

    told = subprocess.run([*shlex.split(line), "-sS"], capture_output=True, text=True, timeout=60)

    assert '"stream_key":"live_' in told.stdout, told


@pytest.mark.parametrize("line", commands("ffmpeg"))
def test_every_ffmpeg_command_goes_live(walk: Walk, line: str) -> None:
    stream = walk.create()
    words = [ffmpeg(), "-v", "error", "-nostdin", *shlex.split(line)[1:]]
    server = stream["rtmps_url" if "rtmps://" in line else "rtmp_url"]
    words[-1] = f"{server}/{stream['stream_key']}"
    if "-ca_file" in words:
        words[words.index("-ca_file") + 1] = walk.ready["ca"]
    words = [str(film(seconds=2, form="mp4")) if word == "talk.mp4" else word for word in words]
    words[-1:-1] = ["-t", "1"]

    told = subprocess.run(words, capture_output=True, text=True, timeout=60)

    assert told.stderr == ""
    assert walk.until_vod(stream)["duration"] > 0.5
