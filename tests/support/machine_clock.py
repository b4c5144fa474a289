"""The machine's clock as one process sees it, set by the test (libfaketime)."""

from pathlib import Path

from tests.support.required_programs import lacking


class MachineClock:
    """A clock for a process that is started with `env`. Its monotonic clock runs as usual."""

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
        """Set how far the clock is ahead of the real one (negative: behind it) from now on."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{offset_seconds:+d}\n")
        fresh.replace(self._file)
