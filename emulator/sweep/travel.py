"""SweepSetup: a scenario as it is sent to a worker, with its includes and films.

The worker needs no file of this machine.
"""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from emulator.core.errors import Refused
from emulator.scenario import files
from emulator.scenario.language.scenario import Scenario

FILMS_BYTES_MAX = 256 * 2**20


class SweepSetup(msgspec.Struct, frozen=True):
    """The set-up of a sweep. `file` is the scenario's name in reports.

    `files` are included texts by name, `films` are bytes by name. A `speed` of 0 jumps. `ends_ms`
    ends each run that long after its start.
    """

    text: str
    file: str
    files: dict[str, str]
    films: dict[str, bytes]
    speed: float = 0.0
    ends_ms: int | None = None

    def pack(self) -> bytes:
        return msgspec.msgpack.encode(self)

    def unpack_films(self) -> "TemporaryDirectory[str] | None":
        """A temporary folder with the films; None if there are none."""
        if not self.films:
            return None
        folder = TemporaryDirectory(prefix="live-emulator-films-")
        for name, content in self.films.items():
            path = Path(folder.name) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder


def setup_of(
    scenarios: Iterable[Scenario], folder: Path, *, speed: float, ends_ms: int | None
) -> SweepSetup:
    """The set-up for one scenario, given as it was read with each end of its ranges.

    Refuses (`too_large`) films that are together larger than `FILMS_BYTES_MAX`.
    """
    texts: dict[str, str] = {}
    films: dict[str, bytes] = {}
    for scenario in scenarios:
        texts |= scenario.files
        for name in {name for step in scenario.steps for name in step.action.films()}:
            if name not in films:
                films[name] = files.film_of(folder, name).read_bytes()
            if sum(map(len, films.values())) > FILMS_BYTES_MAX:
                limit = f"{FILMS_BYTES_MAX // 2**20} MiB"
                text = f"The films of {scenario.file} are larger than {limit} together"
                raise Refused("too_large", f"{text}: a sweep sends them to each worker.")
        first = scenario
    return SweepSetup(first.text, first.file, texts, films, speed, ends_ms)


def unpack(content: bytes) -> SweepSetup:
    return msgspec.msgpack.decode(content, type=SweepSetup)
