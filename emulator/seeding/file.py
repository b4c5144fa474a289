"""Seed files: reads the YAML of a seed, with which fresh worlds begin."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.core.errors import Refused

if TYPE_CHECKING:
    import yaml

    from emulator.seeding.seed import Seed

_HERE = Path(__file__).resolve().parents[1]
# In a checkout it is next to the package, in an installation inside it.
_FOLDERS = (_HERE / "fixtures", _HERE.parent / "fixtures")
_BYTES_MAX = 4 * 2**20
_ERRORS_SHOWN = 20


def read(name: str) -> "Seed":
    """Read the seed `default`, `none` (the demo account only), or the one in the file `name`.

    Refuses (`invalid`) a file that cannot be read, and what `parse` refuses. The file may be a
    pipe, since the name comes from the command line; `web/admin/folders` reads files that requests
    name.
    """
    if name == "none":
        from emulator.seeding.seed import EMPTY

        return EMPTY
    path = default_path() if name == "default" else Path(name)
    try:
        with path.open("rb") as file:
            text = file.read(_BYTES_MAX + 1)
    except OSError as error:
        raise Refused(
            "invalid",
            f"The seed file {path} cannot be read: {error.strerror}. "
            "A seed is default, none, or the path of a YAML file.",
        ) from None
    except ValueError:
        raise Refused("invalid", "No file's path holds a null character.") from None
    return parse(str(path), text, is_trusted=name == "default")


def parse(path: str, text: bytes, *, is_trusted: bool = False) -> "Seed":
    """Read the seed in a file's content; refusals name the file `path`.

    Refuses (`invalid`) a content that is longer than 4 MiB, is not YAML, or is not a valid seed:
    each error with its line, and what to write instead.
    """
    from emulator.seeding.seed import Seed

    if len(text) > _BYTES_MAX:
        raise Refused("invalid", f"The seed file {path} is larger than {_BYTES_MAX} bytes.")
    return Seed(**_load(path, text, is_trusted=is_trusted))


def _load(path: str, text: bytes, *, is_trusted: bool) -> dict[str, Any]:
    import yaml  # Late: a start with a kept world reads no seed.

    try:
        if not is_trusted:
            _check(path, yaml.compose(text, Loader=yaml.CSafeLoader))
        content: dict[str, Any] | None = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise Refused("invalid", f"The seed file {path} is not YAML: {error}.") from None
    return content or {}


def _check(path: str, root: "yaml.Node | None") -> None:
    from emulator.seeding.check import check
    from emulator.seeding.references import references

    errors = check(root)
    if root is not None and not errors:
        errors = references(root)
    if errors:
        shown = [
            f"{path}:{error.line}:{error.column}: {error.message}"
            for error in errors[:_ERRORS_SHOWN]
        ]
        if len(errors) > _ERRORS_SHOWN:
            shown.append(f"... and {len(errors) - _ERRORS_SHOWN} more.")
        raise Refused("invalid", "\n".join(shown))


def default_path() -> Path:
    """The path of the default seed. Refuses (`unavailable`) an installation without it."""
    for folder in _FOLDERS:
        if (folder / "seed.yaml").is_file():
            return folder / "seed.yaml"
    raise Refused("unavailable", "The default seed is missing from this installation.")
