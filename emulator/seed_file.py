"""Seed files: what a fresh world begins with, read from YAML."""

from pathlib import Path

import yaml

from emulator.core.errors import Refused
from emulator.world.seed import EMPTY, Seed

_HERE = Path(__file__).resolve().parent
# Beside the package in a checkout, inside it once installed.
_FOLDERS = (_HERE / "fixtures", _HERE.parent / "fixtures")
_LISTS = ("users", "categories", "tags")


def read(name: str) -> Seed:
    """The seed `default`, `none` (the demo account only), or the one in the file `name`.

    Refuses (`invalid`) a file that cannot be read, is not YAML, or has an unknown list.
    """
    if name == "none":
        return EMPTY
    path = _default() if name == "default" else Path(name)
    try:
        content = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("invalid", f"The seed file {path} cannot be read: {error}.") from None
    except yaml.YAMLError as error:
        raise Refused("invalid", f"The seed file {path} is not YAML: {error}.") from None
    if not isinstance(content, dict) or not set(content) <= set(_LISTS):
        raise Refused("invalid", f"The seed file {path} may hold the lists {', '.join(_LISTS)}.")
    return Seed(**content)


def _default() -> Path:
    for folder in _FOLDERS:
        if (folder / "seed.yaml").is_file():
            return folder / "seed.yaml"
    raise Refused("unavailable", "The default seed is missing from this installation.")
