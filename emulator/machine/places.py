"""Places: the folders that the emulator uses by default."""

import os
import sys
from pathlib import Path

_NAME = "live-emulator"


def default_folder() -> Path:
    """The user's cache folder by the system's convention: `platformdirs.user_cache_dir`.

    That library is used on Windows only, where a user can move the folder. Elsewhere these lines
    save a start the 15 ms of its import (a test compares both).
    """
    if sys.platform == "win32":
        from platformdirs import user_cache_path

        return user_cache_path(_NAME, appauthor=False)
    elif sys.platform == "darwin":
        return Path.home() / "Library/Caches" / _NAME
    else:
        # XDG Base Directory 0.8: a relative path must be ignored.
        folder = os.environ.get("XDG_CACHE_HOME", "")
        return (Path(folder) if folder.startswith("/") else Path.home() / ".cache") / _NAME
