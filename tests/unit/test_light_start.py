"""A start pays for nothing that is only needed later."""

import subprocess
import sys

# Pydantic costs some 80 ms, the others more. All are imported after the ready file is written.
_LATE = ("pydantic", "yaml", "av", "aiortc", "jwt", "cryptography", "hypercorn", "segno")


def test_building_the_emulator_imports_no_heavy_library() -> None:
    code = (
        "import sys; from emulator import Emulator; from emulator.cli import serve, main;"
        f"print(*(name for name in {_LATE!r} if name in sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == []
