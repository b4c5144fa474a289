"""Scenario files: those of the library, and those of a user, read from their own folder only."""

from pathlib import Path

from emulator.core.errors import Refused
from emulator.scenario.language.errors import meant
from emulator.scenario.language.load import CheckFilm
from emulator.scenario.language.sources import ReadFile
from emulator.scenario.language.tree import BYTES_MAX

_HERE = Path(__file__).resolve().parents[1]
# Beside the package in a checkout, inside it once installed.
_FOLDERS = (_HERE / "fixtures" / "scenarios", _HERE.parent / "scenarios")

LOG_BYTES_MAX = 512 * 2**20


def library() -> dict[str, Path]:
    """The scenarios that come with the emulator, by name."""
    for folder in _FOLDERS:
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    return {}


def find(name: str) -> Path:
    """The file of a path, or of a name of the library. Refuses (`not_found`)."""
    path = Path(name)
    if path.is_file():
        return path
    known = library().get(name.removesuffix(".yaml"))
    if known is None:
        looks_like_path = "/" in name or name.endswith((".yaml", ".yml"))
        hint = "." if looks_like_path else meant(name, library())
        raise Refused("not_found", f"There is no scenario {name}{hint}")
    return known


def text_of(path: Path) -> str:
    """What stands in it. Refuses (`invalid`) what is too large, or no UTF-8."""
    return _read(path, BYTES_MAX)


def log_of(path: Path) -> str:
    """The text of an event log, which may be longer than a scenario. Refuses as `text_of` does."""
    return _read(path, LOG_BYTES_MAX)


def _read(path: Path, bytes_max: int) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(bytes_max + 1)
    except OSError as error:
        raise Refused("invalid", f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > bytes_max:
        raise Refused("invalid", f"{path} is larger than {bytes_max // 2**20} MiB.")
    try:
        # As editors on Windows leave it: with a mark in front, and two characters at a line's end.
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise Refused("invalid", f"{path} is no text in UTF-8.") from None


def reader(folder: Path) -> ReadFile:
    """Reads files beside a scenario, by names relative to its folder and never outside it."""

    def read_file(name: str) -> str:
        try:
            return text_of(_inside(folder, name))
        except Refused as refused:
            raise ValueError(refused.message.rstrip(".")) from None

    return read_file


def film_checker(folder: Path) -> CheckFilm:
    """Looks for films beside a scenario, likewise."""

    def check(name: str) -> None:
        film_of(folder, name)

    return check


def film_of(folder: Path, name: str) -> Path:
    """A film beside a scenario. Refuses (`ValueError`) one outside its folder, or not there."""
    path = _inside(folder, name)
    try:
        is_there = path.is_file()
    except OSError:  # A name longer than any file's.
        is_there = False
    if not is_there:
        raise ValueError(f"There is no file {name[:80]} in the scenario's folder")
    return path


def _inside(folder: Path, name: str) -> Path:
    root = folder.resolve()
    path = (root / name).resolve()
    # After links were followed: one that leads out is outside.
    if not path.is_relative_to(root):
        raise ValueError(f"{name[:80]} is outside the scenario's folder")
    return path
