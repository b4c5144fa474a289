"""Films: files that a scenario sends or uploads: those in its own folder, and below it."""

from collections.abc import Iterator
from pathlib import Path, PurePath

from emulator.core.errors import Refused
from emulator.scenario import files
from emulator.scenario.engine.run import Run


def name_problems(name: str | None) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
    """What no file of a scenario may be called, as an action's `wrong`."""
    if name is not None and (PurePath(name).is_absolute() or ".." in PurePath(name).parts):
        yield ("file",), "file", "Name a file in the scenario's folder, or below it."


def find(run: Run, name: str) -> Path:
    """The film of this name. Refuses (`not_found`) one that is not there, or is elsewhere."""
    if not run.folder:
        raise Refused("not_found", f"This scenario came without a folder, so without {name}.")
    try:
        return files.film_of(Path(run.folder), name)
    except ValueError as error:
        raise Refused("not_found", f"{error}.") from None
