"""Record which tests have seen which operation succeed; `contract` prints them by operation."""

import json
from collections import defaultdict
from pathlib import Path

from emulator.platform.request_log import LoggedRequest, RequestLog

_PLATFORM = ("/api/v1/", "/v1/")


class Recorder:
    """A pytest plugin that listens to every request log of the process and writes `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = ""
        self._seen: defaultdict[str, set[str]] = defaultdict(set)
        note = RequestLog.note

        def note_and_remember(log: RequestLog, entry: LoggedRequest) -> None:
            note(log, entry)
            self._remember(entry)

        # Tests create emulators in many places, so the plugin wraps the class to see all of them.
        setattr(RequestLog, "note", note_and_remember)  # noqa: B010

    def pytest_runtest_logstart(self, location: tuple[str, int | None, str]) -> None:
        self._file = location[0]

    def pytest_sessionfinish(self) -> None:
        payload = {name: sorted(files) for name, files in sorted(self._seen.items())}
        self._path.write_text(json.dumps(payload, indent=1) + "\n", "utf-8")

    def _remember(self, entry: LoggedRequest) -> None:
        is_platform = entry.path.startswith(_PLATFORM)
        if is_platform and entry.operation and entry.status < 400:
            self._seen[f"{entry.method} {entry.operation}"].add(self._file)
