"""Scenarios: plays scenario files in a test's world."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.testing.twins import twin, waits

if TYPE_CHECKING:
    from emulator.testing.worlds import World

_TEXTS_MAX = 200


class Scenarios:
    """Plays scenarios. `report` is the report of the last one."""

    def __init__(self, world: "World", folder: Path) -> None:
        self._world = world
        self._folder = folder
        self.report: dict[str, Any] = {}

    @waits
    def play(self, /, file: str, *, speed: float = 0, **params: Any) -> dict[str, Any]:
        """Play a scenario to its end, and return its report. Fails if it misses an expectation.

        `file` is a name from the library, or a file next to the test. A `speed` of 0 is the virtual
        clock, 1 the machine's pace.
        """
        order = {**self._source(file), "params": params, "speed": speed, "world": "this"}
        run = self._world.admin("POST", "scenarios", order)
        over = self._world.until(lambda: self._over(run["id"]), f"the scenario {file} is over")
        self.report = over["report"]
        missed = _missed(self.report)
        assert not missed, f"{file}: " + "; ".join(missed)
        return self.report

    play_async = twin(play)

    def _over(self, run_id: str) -> dict[str, Any] | None:
        run: dict[str, Any] = self._world.admin("GET", f"scenarios/runs/{run_id}")
        return run if run["state"] == "over" else None

    def _source(self, file: str) -> dict[str, Any]:
        path = self._folder / file
        if not path.is_file():
            return {"name": file}
        # The emulator runs in this process, which may read the file.
        allowed = self._world.platform.shared.allowed_folders
        if path.parent not in allowed:
            allowed.append(path.parent)
        beside = [
            candidate
            for candidate in path.parent.rglob("*")
            if candidate.suffix in {".yaml", ".txt"}
        ]
        files = {
            str(file.relative_to(path.parent)): file.read_text("utf-8")
            for file in sorted(beside)[:_TEXTS_MAX]
        }
        return {
            "text": path.read_text("utf-8"),
            "file": path.name,
            "files": files,
            "folder": str(path.parent),
        }


def _missed(report: dict[str, Any]) -> list[str]:
    """The missed expectations and errors of a report, as a text."""
    missed = [
        f"{expectation['fact']} should be {expectation['wanted']}, and was {expectation['seen']}"
        for expectation in report["expectations"]
        if not expectation["met"]
    ]
    if not missed and report["outcome"] not in ("passed", "stopped"):
        missed.append(report["reason"] or f"the run has {report['outcome']}")
    return missed
