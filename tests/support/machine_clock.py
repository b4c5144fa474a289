"""The machine's clock as a process sees it, which a test may set (libfaketime)."""

from pathlib import Path

from tests.support.required_programs import lacking


class MachineClock:
    """`env` is what the process is started with. Its monotonic clock goes on as ever."""

    def __init__(self, folder: Path) -> None:
        libraries = [*Path("/usr/lib").glob("**/faketime/libfaketime.so.1")]
        if not libraries:
            lacking("libfaketime is not installed")
        self._file = folder / "faketime"
        self.set(0)
        self.env = {
            "LD_PRELOAD": str(libraries[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, offset_seconds: int) -> None:
        """From now on it is so far ahead of the real one, or behind it."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{offset_seconds:+d}\n")
        fresh.replace(self._file)
