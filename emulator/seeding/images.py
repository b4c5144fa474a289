"""Images: what applying a seed gives, kept beside Python's bytecode, so that most starts read it.

As bytecode is of a module, an image is a derived copy of what this installation says itself: the
default seed, the schema and the verbs that make its history. It is made again when any of those
files has changed, and nothing is kept where Python itself would not keep bytecode. A file that a
user names as a seed is applied each time.
"""

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from emulator.machine.files import write_whole
from emulator.seeding import file, template
from emulator.version import __version__
from emulator.world.rules import RulesConfig
from emulator.world.store.database import IMAGED_BY
from emulator.world.store.journal import Store

# Whatever of ours the facts of a seeded world depend on.
_PACKAGE = Path(__file__).resolve().parents[1]
_SOURCES = [_PACKAGE / name for name in ("core", "seeding", "world")]


def seed_state(seed: str, rules: RulesConfig) -> Store:
    """The facts of the seed `default`, `none`, or the one in the file `seed`.

    Refuses (`invalid`) what `file.read` refuses.
    """
    path = _path() if seed == "default" else None
    if path is None:
        return template.seed_state(file.read(seed), rules)
    # No rule changes what the default seed says has happened: one image serves all rules.
    key = _key()
    image = _read(path, key)
    if image is not None:
        return Store.of_image(image)
    facts = template.seed_state(file.read(seed), RulesConfig())
    if not sys.dont_write_bytecode:
        _write(path, key, facts.image())
    return facts


def _path() -> Path | None:
    """Where the image is: in the folder that Python keeps this module's bytecode in, if any."""
    if not IMAGED_BY:
        return None
    try:
        bytecode = Path(importlib.util.cache_from_source(__file__))
    except NotImplementedError:  # This Python keeps bytecode nowhere, so neither do we.
        return None
    return bytecode.with_name(f"world.{sys.implementation.cache_tag}.image")


def _key() -> bytes:
    """What an image was made of. Another key, another image."""
    texts = [__version__, IMAGED_BY, *map(repr, _stamps())]
    return hashlib.sha256("\n".join(texts).encode()).digest()


def _stamps() -> Iterator[tuple[str, int, int]]:
    """Name, size and time of each source file, as Python knows by that its bytecode is current."""
    yield _stamp(file.default_path())
    for folder in _SOURCES:
        for parent, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".py", ".sql")):
                    yield _stamp(Path(parent, name))


def _stamp(path: Path) -> tuple[str, int, int]:
    stat_result = path.stat()
    return path.name, stat_result.st_size, stat_result.st_mtime_ns


def _read(path: Path, key: bytes) -> bytes | None:
    """The image of this key, unless there is none or it is torn."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    of, digest, image = content[:32], content[32:64], content[64:]
    is_whole = of == key and digest == hashlib.sha256(image).digest()
    return image if is_whole else None


def _write(path: Path, key: bytes, image: bytes) -> None:
    content = key + hashlib.sha256(image).digest() + image
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content, survives_power_loss=False)
    except OSError:
        # An installation that may not be written, like a bytecode that Python could not keep.
        return
