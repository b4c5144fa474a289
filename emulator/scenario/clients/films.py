"""Films: files that a scenario publishes or uploads, in its own folder or below it."""

from collections.abc import Iterator
from pathlib import Path, PurePath

from emulator.core.errors import Refused
from emulator.scenario import files
from emulator.scenario.engine.run import Run


def name_problems(name: str | None) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
    """Yield an error for a name that is no file of a scenario, for an action's `problems`."""
    if name is not None and (PurePath(name).is_absolute() or ".." in PurePath(name).parts):
        yield ("file",), "file", "Name a file in the scenario's folder, or below it."


def find(run: Run, name: str) -> Path:
    """Find the film of this name.

    Refuses (`not_found`) one that does not exist, or is elsewhere.
    """
    if not run.folder:
        raise Refused(
            "not_found", f"This scenario was sent without a folder, so {name} is missing."
        )
    try:
        return files.film_of(Path(run.folder), name)
    except ValueError as error:
        raise Refused("not_found", f"{error}.") from None
