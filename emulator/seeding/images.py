"""Images: the facts of the default seed, kept next to Python's bytecode so that starts are quick.

Like bytecode, an image is derived from files of this installation: the default seed, the schema and
the verbs that make the seed's history. It is made again when any of them has changed, and it is not
kept where Python would not keep bytecode. A seed file of a user is applied each time.
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

# The parts of the package that the facts of a seeded world depend on.
_PACKAGE = Path(__file__).resolve().parents[1]
_SOURCES = [_PACKAGE / name for name in ("core", "seeding", "world")]


def seed_state(seed: str, rules: RulesConfig) -> Store:
    """Make the facts of the seed `default`, `none`, or the one in the file `seed`.

    Refuses (`invalid`) what `file.read` refuses.
    """
    path = _path() if seed == "default" else None
    if path is None:
        return template.seed_state(file.read(seed), rules)
    # Rules do not change the default seed's history, so one image serves all rules.
    key = _key()
    image = _read(path, key)
    if image is not None:
        return Store.of_image(image)
    facts = template.seed_state(file.read(seed), RulesConfig())
    if not sys.dont_write_bytecode:
        _write(path, key, facts.image())
    return facts


def _path() -> Path | None:
    """The image's path, in the folder of this module's bytecode; None if there is none."""
    if not IMAGED_BY:
        return None
    try:
        bytecode = Path(importlib.util.cache_from_source(__file__))
    except NotImplementedError:  # This Python keeps no bytecode.
        return None
    return bytecode.with_name(f"world.{sys.implementation.cache_tag}.image")


def _key() -> bytes:
    """The key of an image: it changes with any file that the image was made from."""
    texts = [__version__, IMAGED_BY, *map(repr, _stamps())]
    return hashlib.sha256("\n".join(texts).encode()).digest()


def _stamps() -> Iterator[tuple[str, int, int]]:
    """Name, size and time of each source file, by which Python also checks its bytecode."""
    seed = file.default_path()
    yield _stamp(seed.name, seed.stat())
    folders = [os.fspath(source) for source in _SOURCES]
    for folder in folders:
        with os.scandir(folder) as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name)
        for entry in entries:
            if entry.name.endswith((".py", ".sql")):
                yield _stamp(entry.name, entry.stat())
            elif entry.name != "__pycache__" and entry.is_dir():
                folders.append(entry.path)


def _stamp(name: str, stat_result: os.stat_result) -> tuple[str, int, int]:
    return name, stat_result.st_size, stat_result.st_mtime_ns


def _read(path: Path, key: bytes) -> bytes | None:
    """The image with this key; None if there is none or it is damaged."""
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
        # The installation is read-only: then Python cannot keep bytecode either.
        return
