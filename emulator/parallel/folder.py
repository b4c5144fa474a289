"""ResultFolder: keeps results as they come, so that a run that was ended can be resumed.

`run.json` identifies the work, `results.jsonl` has a line for each job, in the order of arrival.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from emulator.core.errors import Refused
from emulator.machine.files import write_whole

FORMAT = 1
_RUN, _RESULTS = "run.json", "results.jsonl"


class ResultFolder:
    """A context manager. `identity` must be equal for results to belong to the same work.

    Refuses (`unavailable`) a folder that cannot be used; on resuming, (`not_found`) one without
    results and (`conflict`) one with the results of other work.
    """

    def __init__(
        self,
        path: Path,
        kind: Literal["sweep", "exploration"],
        identity: dict[str, Any],
        *,
        is_resumed: bool,
    ) -> None:
        self.path = path
        self._head = {"format": FORMAT, "kind": kind, "identity": identity}
        # The keys of the jobs that were done before it was opened.
        self.keys: set[str] = set()
        try:
            if is_resumed:
                self._resume()
            else:
                path.mkdir(parents=True, exist_ok=True)
                (path / _RESULTS).write_bytes(b"")
                write_whole(path / _RUN, json.dumps(self._head, indent=1).encode() + b"\n")
            self._file = (path / _RESULTS).open("a", encoding="utf-8")
        except OSError as error:
            raise self._unusable(error) from None

    def __enter__(self) -> "ResultFolder":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, key: str, result: Any) -> None:
        """Keep a job's result. From now on a resume finds it, also after a kill."""
        try:
            self._file.write(json.dumps({"key": key, "result": result}) + "\n")
            self._file.flush()
        except OSError as error:
            raise self._unusable(error) from None

    def results(self) -> Iterator[tuple[str, Any]]:
        """The kept results, one for each job."""
        seen = set()
        with (self.path / _RESULTS).open(encoding="utf-8") as lines:
            for line in lines:
                entry = json.loads(line)
                if entry["key"] not in seen:
                    seen.add(entry["key"])
                    yield entry["key"], entry["result"]

    def _resume(self) -> None:
        try:
            head = json.loads((self.path / _RUN).read_bytes())
        except FileNotFoundError:
            text = f"{self.path} has no results to continue from: there is no {_RUN}"
            raise Refused("not_found", f"{text}. Start with --report {self.path}.") from None
        except ValueError:
            raise Refused(
                "invalid", f"{self.path / _RUN} is not JSON. Start with a new folder."
            ) from None
        if head != self._head:
            text = f"{self.path} has the results of other runs"
            other = f"{text}: {_difference(head, self._head)} differs"
            raise Refused("conflict", f"{other}. Use the same value as before, or another folder.")
        self._mend()
        self.keys = {key for key, _ in self.results()}

    def _mend(self) -> None:
        """Remove a last line that a kill has cut off."""
        path = self.path / _RESULTS
        path.touch()
        with path.open("r+b") as file:
            end = 0
            for line in file:
                if not line.endswith(b"\n"):
                    break
                end += len(line)
            file.truncate(end)

    def _unusable(self, error: OSError) -> Refused:
        return Refused("unavailable", f"{self.path} cannot be used: {error.strerror}.")


def _difference(before: Any, now: dict[str, Any]) -> str:
    """The name of the first value that differs between two identities."""
    if not isinstance(before, dict) or not isinstance(before.get("identity"), dict):
        return "format"
    for name in ("format", "kind"):
        if before.get(name) != now[name]:
            return name
    identity = now["identity"]
    names = [name for name in identity if before["identity"].get(name) != identity[name]]
    return names[0] if names else "format"
