"""A start imports nothing that is only needed later."""

import subprocess
import sys
from pathlib import Path

# Pydantic takes some 80 ms, the others more. All are imported after the ready file is written.
_LATE = ("pydantic", "yaml", "av", "aiortc", "jwt", "cryptography", "hypercorn", "segno")


def test_light_start_imports_no_heavy_library() -> None:
    code = (
        "import sys; from emulator import Emulator; from emulator.cli import serve, main;"
        f"print(*(name for name in {_LATE!r} if name in sys.modules))"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.split() == []


# Each module of ours takes 0.2 ms. If a new module makes this fail, import it at its first use.
_MODULES_MAX = 220
# By the first line of a suite's first test; HTTP is imported meanwhile.
_MODULES_OF_A_SUITE_MAX = 125
_ROOMS_ENTERED_LATER = (
    "emulator.media.ingest.wire.rtmp_session",
    "emulator.media.broadcast.pipeline",
    "emulator.scenario.engine.runner",
    "emulator.web.admin.table",
    "emulator.web.api.table",
    "emulator.web.chat.socket",
    "emulator.web.openapi.document",
    "emulator.chat_delivery.direct",
    "emulator.web.chat.room",
    "emulator.web.routes",
)
_START = """
import asyncio, sys
from emulator import Emulator
from emulator.settings import Settings

async def main():
    settings = Settings(data=sys.argv[1], port=0, rtmp_port=0, rtmps_port=0)
    async with Emulator(settings):
        print(*sys.modules)

asyncio.run(main())
"""


def test_light_start_on_an_existing_folder_imports_no_unused_module(tmp_path: Path) -> None:
    # Given a folder that an emulator has run on, with its CA and its world,
    command = [sys.executable, "-c", _START, str(tmp_path)]
    subprocess.run(command, capture_output=True, check=True)

    # when the next one starts on it,
    process = subprocess.run(command, capture_output=True, text=True, check=True)

    # then only modules that a start uses are imported when it is ready.
    modules = set(process.stdout.split())
    assert not modules & {*_LATE, *_ROOMS_ENTERED_LATER}
    assert len([name for name in modules if name.startswith("emulator")]) <= _MODULES_MAX


_FIRST_LINE = """
import sys
from emulator.server import Emulator
from emulator.testing.worlds import World

print(*sys.modules)
"""


def test_light_start_of_a_suite_imports_no_unused_module() -> None:
    command = [sys.executable, "-c", _FIRST_LINE]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    modules = set(process.stdout.split())
    late = {"starlette", "uvicorn", "emulator.services", "emulator.web.app", "http.server"}
    assert not modules & {*_LATE, *_ROOMS_ENTERED_LATER, *late}
    ours = [name for name in modules if name.startswith("emulator")]
    assert len(ours) <= _MODULES_OF_A_SUITE_MAX


_CA = """
import asyncio, pathlib, sys
from emulator import Emulator

async def main():
    async with Emulator() as emulator:
        print(*({"cryptography", "websockets"} & sys.modules.keys()))
        ca = pathlib.Path(emulator.local["ca"])
        print(ca.exists(), emulator.ready["ca"] == str(ca), ca.exists())

asyncio.run(main())
"""


def test_light_start_in_memory_makes_the_ca_when_somebody_asks_for_it() -> None:
    command = [sys.executable, "-c", _CA]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    assert process.stdout.splitlines() == ["", "False True True"]
