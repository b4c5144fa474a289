"""Media uids: the CDN uids that a world's facts name. Each is a folder of media on the disk."""

from msgspec import Struct

from emulator.world.store.journal import Store

# Columns whose uids are used in addresses. A VOD is also found by the uid of its upload.
_ADDRESS_COLUMNS = ("uid", "video_uid")
# The columns that hold uids, with their tables. Read once, since all worlds have the same schema: a
# reset needs them twice, and takes a tenth of a millisecond.
_columns: list[tuple[str, str]] = []


def uids_of(facts: Store) -> set[str]:
    """Every CDN uid that these facts name."""
    uids: set[str] = set()
    for table, column in _uid_columns(facts):
        rows = facts.rows(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
        uids.update(row[0] for row in rows)
    return uids


class Names(Struct, frozen=True):
    """The names that requests look for in all worlds."""

    uids: frozenset[str]
    stream_keys: frozenset[str]

    def __contains__(self, name: str) -> bool:
        return name in self.uids or name in self.stream_keys


def names_of(facts: Store) -> Names:
    keys = facts.rows("SELECT stream_key FROM streams")
    return Names(frozenset(uids_of(facts)), frozenset(row[0] for row in keys))


def has_address(facts: Store, uid: str) -> bool:
    """Whether these facts have something under an address with this uid."""
    return any(
        facts.row(f"SELECT 1 FROM {table} WHERE {column} = ?", uid)
        for table, column in _uid_columns(facts)
        if column in _ADDRESS_COLUMNS
    )


def _uid_columns(facts: Store) -> list[tuple[str, str]]:
    if not _columns:
        _columns.extend(
            (table, column)
            for table, columns in facts.columns().items()
            for column in columns
            if column == "uid" or column.endswith("_uid")
        )
    return _columns
