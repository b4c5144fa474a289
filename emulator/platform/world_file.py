"""World file: a world's facts, snapshots and media in one file, to continue elsewhere.

It is a ZIP file without compression, since media does not compress:

- `world.json`: format, program version, the world's name, seed and time, its snapshots
- `world.sqlite3`, `snapshots/N.sqlite3`: facts
- `media/UID/...`: the files of each stream and video that the facts name

These functions block: use them in a thread. A file may come from a stranger, so names inside it
cannot lead out of the target folder, and its databases must have exactly this program's schema.
"""

import contextlib
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import IO, NamedTuple

from msgspec import DecodeError, Struct, json

from emulator import busy_files
from emulator.core.errors import Refused
from emulator.version import __version__
from emulator.world.store.database import open_foreign
from emulator.world.store.journal import Store

FORMAT = 1
SUFFIX = ".world.zip"
# Bit 0 of a member's flags (APPNOTE.TXT, 4.4.4).
_ENCRYPTED = 1
_MANIFEST = "world.json"
_FACTS = "world.sqlite3"
_MANIFEST_BYTES_MAX = 2**20
_MEMBERS_MAX = 1_000_000
_SNAPSHOTS_MAX = 10_000
_MEDIA_NAME = re.compile(
    r"media/([0-9a-f]{32})/((?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*)"
)
_PIECE_BYTES = 1024 * 1024


class FileSnapshot(NamedTuple):
    """A snapshot in a file: its name, the world's time when it was taken, its facts' image."""

    name: str
    at_ms: int
    facts: bytes


class WorldFile(NamedTuple):
    """The content of a file without its media. `now_ms`: the world's time when it was written.

    `facts` is an image for `Store.of_image`.
    """

    name: str
    seed: str
    now_ms: int
    facts: bytes
    snapshots: tuple[FileSnapshot, ...]


class _Format(Struct):
    format: int


class _Taken(Struct):
    name: str
    at_ms: int


class _Manifest(Struct):
    """The content of `world.json`."""

    format: int
    version: str
    world: str
    seed: str
    now_ms: int
    snapshots: list[_Taken]


def write(path: Path, world: WorldFile, media: Iterable[Path]) -> None:
    """Write a world to `path`, completely or not at all. Raises `OSError` if that fails.

    `media` are the folders of media to include, each named by its uid.
    """
    taken = [_Taken(snapshot.name, snapshot.at_ms) for snapshot in world.snapshots]
    manifest = _Manifest(FORMAT, __version__, world.name, world.seed, world.now_ms, taken)
    partial = path.with_name(f"{path.name}.part")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_MANIFEST, json.format(json.encode(manifest), indent=1))
            archive.writestr(_FACTS, world.facts)
            for number, snapshot in enumerate(world.snapshots):
                archive.writestr(_snapshot_name(number), snapshot.facts)
            for folder in media:
                _write_folder(archive, folder)
        busy_files.replace(partial, path)
    finally:
        busy_files.remove(partial)


def read(file: IO[bytes] | Path) -> WorldFile:
    """Read everything but the media. Refuses (`invalid`) other files, and other schemas."""
    with _opened(file) as archive, TemporaryDirectory(prefix="live-emulator-import-") as scratch:
        manifest = _manifest(archive)
        names = [_FACTS, *map(_snapshot_name, range(len(manifest.snapshots)))]
        images = [_facts(archive, name, Path(scratch) / _FACTS) for name in names]
    snapshots = zip(manifest.snapshots, images[1:], strict=True)
    return WorldFile(
        name=manifest.world,
        seed=manifest.seed,
        now_ms=manifest.now_ms,
        facts=images[0],
        snapshots=tuple(FileSnapshot(item.name, item.at_ms, facts) for item, facts in snapshots),
    )


def unpack_media(file: IO[bytes] | Path, root: Path, bytes_max: int) -> list[str]:
    """Unpack the media of a world file under `root`, except folders that exist there already.

    Returns the uids of the new folders. Refuses (`too_large`) more than `bytes_max`, and then
    removes the folders that it has made.
    """
    unpacked: dict[str, Path] = {}
    size = 0
    try:
        with _opened(file) as archive:
            for info in archive.infolist():
                match = _MEDIA_NAME.fullmatch(info.filename)
                if match is None:
                    continue
                uid, name = match.groups()
                if uid not in unpacked and (root / uid).exists():
                    continue
                size += info.file_size
                if size > bytes_max:
                    raise Refused(
                        "too_large", "The media of this world is larger than there is room for."
                    )
                unpacked[uid] = root / uid
                target = root / uid / PurePosixPath(name)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source, target.open("wb") as copy:
                    copyfileobj(source, copy, _PIECE_BYTES)
    except BaseException:
        for folder in unpacked.values():
            busy_files.remove_tree(folder)
        raise
    return list(unpacked)


@contextlib.contextmanager
def _opened(file: IO[bytes] | Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > _MEMBERS_MAX:
                raise Refused("too_large", f"A world file has at most {_MEMBERS_MAX} members.")
            if any(
                member.compress_type != zipfile.ZIP_STORED or member.flag_bits & _ENCRYPTED
                for member in members
            ):
                raise Refused("invalid", "A world file is a ZIP file whose members are stored.")
            # A directory that lies about its own place; `zipfile` would seek there.
            if any(member.header_offset < 0 for member in members):
                raise _no_world_file("its directory names a place before the file's beginning")
            yield archive
    # `UnicodeDecodeError`: a member's name that is not in the encoding of its entry.
    except (zipfile.BadZipFile, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise _no_world_file(f"it is not a complete ZIP file: {error}") from error


def _manifest(archive: zipfile.ZipFile) -> _Manifest:
    try:
        info = archive.getinfo(_MANIFEST)
        if info.file_size > _MANIFEST_BYTES_MAX:
            raise _no_world_file(f"{_MANIFEST} is too large")
        content = archive.read(info)
        form = json.decode(content, type=_Format).format
        if form != FORMAT:
            raise Refused(
                "invalid",
                f"This world file has format {form}, and this program reads {FORMAT}."
                f" Export it again with this version ({__version__}).",
            )
        manifest = json.decode(content, type=_Manifest)
    except (KeyError, DecodeError, RecursionError) as error:
        raise _no_world_file(f"{_MANIFEST} is missing or broken") from error
    if len(manifest.snapshots) > _SNAPSHOTS_MAX:
        raise _no_world_file("it has too many snapshots")
    return manifest


def _facts(archive: zipfile.ZipFile, name: str, scratch: Path) -> bytes:
    """The image of one member's facts, migrated to this program's schema."""
    try:
        with archive.open(name) as source, scratch.open("wb") as copy:
            copyfileobj(source, copy, _PIECE_BYTES)
        with contextlib.closing(Store(open_foreign(str(scratch)))) as facts:
            return facts.image()
    except KeyError as error:
        raise _no_world_file(f"{name} is missing") from error
    except Refused as refused:
        message = refused.message.partition(" Move it away")[0].replace(str(scratch), name)
        raise _no_world_file(message.removesuffix(".")) from refused
    finally:
        for path in scratch.parent.glob(f"{scratch.name}*"):
            busy_files.remove(path)


def _write_folder(archive: zipfile.ZipFile, folder: Path) -> None:
    """Add a folder. Files that are removed meanwhile (a live window moves on) are left out."""
    for path in sorted(folder.rglob("*")):
        name = f"media/{folder.name}/{path.relative_to(folder).as_posix()}"
        if _MEDIA_NAME.fullmatch(name) and path.is_file():
            with contextlib.suppress(FileNotFoundError):
                archive.write(path, name)


def _snapshot_name(number: int) -> str:
    return f"snapshots/{number}.sqlite3"


def _no_world_file(why: str) -> Refused:
    return Refused(
        "invalid", f"This is not a world file: {why}. `live-emulator world export` writes one."
    )
