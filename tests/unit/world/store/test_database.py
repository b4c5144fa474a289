import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.world.store.database import checkpoint, open_database


def test_database_is_created_once_and_reopened(tmp_path: Path) -> None:
    path = str(tmp_path / "world.sqlite3")
    first = open_database(path)
    first.execute("INSERT INTO meta VALUES ('kept', 'yes')")
    first.close()

    again = open_database(path)

    assert again.execute("SELECT value FROM meta WHERE name = 'kept'").fetchone()[0] == "yes"
    again.close()


def test_database_of_a_newer_program_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "world.sqlite3"
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 9999")
    newer.close()
    content = path.read_bytes()

    with pytest.raises(Refused, match="newer live-emulator") as refused:
        open_database(str(path))

    assert refused.value.code == "unavailable"
    assert path.read_bytes() == content


def test_database_of_another_schema_with_equal_number_is_refused_untouched(
    tmp_path: Path,
) -> None:
    path = tmp_path / "world.sqlite3"
    other = open_database(str(path))
    (mark,) = other.execute("PRAGMA application_id").fetchone()
    other.execute(f"PRAGMA application_id = {mark ^ 1}")
    other.close()
    content = path.read_bytes()

    with pytest.raises(Refused, match="another schema") as refused:
        open_database(str(path))

    assert refused.value.code == "unavailable"
    assert path.read_bytes() == content


def test_database_damaged_is_refused_with_a_message_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "world.sqlite3"
    path.write_bytes(b"this was a database once" * 100)

    with pytest.raises(Refused, match="cannot be read as a database") as refused:
        open_database(str(path))

    assert refused.value.details["is_damaged"]
    assert path.read_bytes().startswith(b"this was a database once")


def test_database_damage_in_the_middle_is_noticed_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "world.sqlite3"
    whole = open_database(str(path))
    whole.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole.close()
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 8] = b"x" * (4096 * 5)
    path.write_bytes(content)

    with pytest.raises(Refused) as refused:
        open_database(str(path))

    assert refused.value.details["is_damaged"]
    assert path.read_bytes() == content


def test_database_that_cannot_be_opened_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        open_database(str(tmp_path / "nowhere" / "world.sqlite3"))

    assert not refused.value.details["is_damaged"]


def test_database_checkpoint_moves_the_log_into_the_file_during_writes(tmp_path: Path) -> None:
    path = tmp_path / "world.sqlite3"
    writer = open_database(str(path))
    checkpoint(str(path))
    writer.execute("INSERT INTO meta VALUES ('kept', 'yes')")
    assert kept_in(path, tmp_path) is None

    checkpoint(str(path))

    assert kept_in(path, tmp_path) == "yes"
    # The writer continues.
    writer.execute("UPDATE meta SET value = 'again' WHERE name = 'kept'")
    checkpoint(str(path))
    assert kept_in(path, tmp_path) == "again"
    writer.close()


def kept_in(path: Path, folder: Path) -> str | None:
    """The content of the file itself, without its log."""
    copy = folder / "copy.sqlite3"
    copy.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(copy)) as connection:
        row = connection.execute("SELECT value FROM meta WHERE name = 'kept'").fetchone()
    return row[0] if row else None


def test_database_checkpoint_of_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "world.sqlite3"
    path.write_bytes(b"this was a database once" * 100)
    with pytest.raises(Refused) as refused:
        checkpoint(str(path))
    assert refused.value.code == "unavailable"
