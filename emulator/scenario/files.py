"""Scenario files: the library's, and a user's own, which can only read files of their folder."""

from pathlib import Path

from emulator.core.errors import Refused
from emulator.scenario.language.errors import meant
from emulator.scenario.language.load import CheckFilm
from emulator.scenario.language.sources import ReadFile
from emulator.scenario.language.tree import BYTES_MAX

_HERE = Path(__file__).resolve().parents[1]
# A checkout has the library next to the package; an installed package contains it.
_FOLDERS = (_HERE / "fixtures" / "scenarios", _HERE.parent / "scenarios")

LOG_BYTES_MAX = 512 * 2**20


def library() -> dict[str, Path]:
    """The scenarios that come with the emulator, by name."""
    for folder in _FOLDERS:
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    return {}


def find(name: str) -> Path:
    """Return the file that `name` is the path of, or the library's file of that name.

    Refuses (`not_found`).
    """
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
    """Return the text of a scenario file.

    Refuses (`invalid`) a file that is too large or not UTF-8.
    """
    return _read(path, BYTES_MAX)


def log_of(path: Path) -> str:
    """Return the text of an event log, which may be longer than a scenario.

    Refuses as `text_of` does.
    """
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
        # Editors on Windows write a byte order mark first, and end each line with two characters.
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise Refused("invalid", f"{path} is not text in UTF-8.") from None


def reader(folder: Path) -> ReadFile:
    """Return a function that reads the files of the scenario's folder, and no others."""

    def read_file(name: str) -> str:
        try:
            return text_of(_inside(folder, name))
        except Refused as refused:
            raise ValueError(refused.message.rstrip(".")) from None

    return read_file


def film_checker(folder: Path) -> CheckFilm:
    """Return a function that checks that a film exists in the scenario's folder."""

    def check(name: str) -> None:
        film_of(folder, name)

    return check


def film_of(folder: Path, name: str) -> Path:
    """Return the path of a film in the scenario's folder.

    Refuses (`ValueError`) a name that leads outside it, or that has no file.
    """
    path = _inside(folder, name)
    try:
        is_there = path.is_file()
    except OSError:  # The name is longer than a file name can be.
        is_there = False
    if not is_there:
        raise ValueError(f"There is no file {name[:80]} in the scenario's folder")
    return path


def _inside(folder: Path, name: str) -> Path:
    root = folder.resolve()
    path = (root / name).resolve()
    # The path has its links resolved: a link that leads out of the folder is outside.
    if not path.is_relative_to(root):
        raise ValueError(f"{name[:80]} is outside the scenario's folder")
    return path
