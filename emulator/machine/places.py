"""Places: where the emulator keeps things unless told otherwise."""

import os
import sys
from pathlib import Path


def default_folder() -> Path:
    """The user's cache folder, by the system's convention."""
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/live-emulator"
    # XDG Base Directory 0.8: a value that is not absolute is to be ignored.
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if named.startswith("/") else Path.home() / ".cache") / "live-emulator"
