"""Accounts: the users of the platform."""

import json
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.people import AccountMade
from emulator.world.people.names import is_username, username_error
from emulator.world.store.journal import Row, Store
from emulator.world.store.rows import read_row
from emulator.world.store.write_counters import TableCache
from emulator.world.world import World

Role = Literal["USER", "ADMIN", "SUPERUSER"]

AUTO_KEY_PREFIX = "ak_auto_"
# The tables that a `User` is read from.
_TABLES = ("users", "follows", "streams", "categories")


class _AccountCache(TableCache[tuple[str, int], "User"]):
    """Cached accounts, by the base of their picture addresses and their primary key."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.watch(*_TABLES))


class _KeyCache(TableCache[str, int]):
    """Cached primary keys of accounts, by API key."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.watch("api_keys", "users", "follows"))


class Socials(Struct, frozen=True):
    """A user's links to other sites, as the user wrote them."""

    twitter: str | None
    github: str | None
    youtube: str | None
    website: str | None


class User(Struct, frozen=True):
    """One account. `pk` is its key in the database, `id` the platform's UUID.

    `is_live` is true while a public stream of the user is live. `socials` is None if the user gave
    no links.
    """

    pk: int
    id: str
    username: str
    email: str
    display_name: str | None
    bio: str | None
    avatar_url: str | None
    banner_url: str | None
    socials: Socials | None
    role: Role
    follower_count: int
    following_count: int
    is_live: bool
    is_email_verified: bool
    is_mfa_enabled: bool
    tenant_id: str | None
    created_at_ms: int


# Without INDEXED BY, SQLite walks through all public streams of the user.
_SELECT = """
SELECT users.*, EXISTS (
    SELECT 1 FROM streams INDEXED BY streams_by_user
    WHERE streams.user_row = users.row AND streams.status = 'live'
        AND streams.visibility = 'public'
) AS is_live FROM users
"""


def find(world: World, user_id: str) -> User:
    """Return the account with this id. Refuses (`not_found`) an unknown one."""
    return _one(world, "WHERE users.id = ?", user_id)


def by_pk(world: World, pk: int) -> User:
    """Return the account to which another row refers."""
    known, key = world.memory(_AccountCache).values(), (world.media_base(), pk)
    user = known.get(key)
    if user is None:
        user = known[key] = _one(world, "WHERE users.row = ?", pk)
    return user


def by_pks(world: World, rows: Iterable[int]) -> dict[int, User]:
    """Return the accounts with these primary keys by primary key, in one query."""
    records = world.store.rows(
        f"{_SELECT} WHERE users.row IN (SELECT value FROM json_each(?))", json.dumps(list(rows))
    )
    return {row["row"]: _user(world, row) for row in records}


def by_username(world: World, username: str) -> User:
    """Return the account of this name; case is ignored. Refuses (`not_found`) an unknown one."""
    return _one(world, "WHERE users.username = ?", username)


def by_email(world: World, email: str) -> User | None:
    """Return the account with this mail address, or None; case is ignored."""
    row = world.store.row(f"{_SELECT} WHERE users.email = ?", email)
    return _user(world, row) if row else None


def by_session(world: World, session_id: str) -> User | None:
    """Return the account of a session; None for a closed session."""
    row = world.store.row(
        f"{_SELECT} JOIN sessions ON sessions.user_row = users.row WHERE sessions.id = ?",
        session_id,
    )
    return _user(world, row) if row else None


def page(world: World, find: str, offset: int, count: int) -> tuple[list[User], int]:
    """Return one page of the accounts whose name contains `find`, oldest first, and their total."""
    where = "WHERE instr(lower(users.username || ' ' || ifnull(users.display_name, '')), lower(?))"
    rows = world.store.rows(
        f"{_SELECT} {where} ORDER BY users.row LIMIT ? OFFSET ?", find, count, offset
    )
    total = world.store.number(f"SELECT count(*) FROM users {where}", find)
    return [_user(world, row) for row in rows], total


def keys_of(world: World, pks: Iterable[int]) -> dict[int, list[str]]:
    """Return the issued API keys of accounts, by primary key."""
    keys: dict[int, list[str]] = {pk: [] for pk in pks}
    for row in world.store.rows(
        "SELECT key, user_row FROM api_keys"
        " WHERE user_row IN (SELECT value FROM json_each(?)) ORDER BY key",
        json.dumps(list(keys)),
    ):
        keys[row["user_row"]].append(row["key"])
    return keys


def by_api_key(world: World, key: str) -> User:
    """Return the account of an API key.

    `ak_auto_<name>` creates it on first use, unless rules forbid.

    Refuses (`unauthorized`) any other key that was never issued, and the key of a deleted account.
    """
    user = find_by_api_key(world, key)
    if user is not None:
        return user
    if not can_be_made(world, key):
        raise Refused("unauthorized", "Invalid authentication credentials")
    name = key.removeprefix(AUTO_KEY_PREFIX)
    taken = world.store.row("SELECT row FROM users WHERE username = ?", name)
    with world.change():
        if taken:
            user = by_pk(world, taken["row"])
            world.store.write("INSERT INTO api_keys VALUES (?, ?)", key, user.pk)
            return user
        return make(world, name, api_key=key)


def find_by_api_key(world: World, key: str) -> User | None:
    """Return the account of an issued API key, or None."""
    known = world.memory(_KeyCache).values()
    pk = known.get(key)
    if pk is None:
        row = world.store.row("SELECT user_row FROM api_keys WHERE key = ?", key)
        if row is None:
            return None
        pk = known[key] = row["user_row"]
    return by_pk(world, pk)


def api_key(world: World, user: User) -> str | None:
    """Return a user's API key: an issued one, or the `ak_auto_` key that its first use issues.

    None if the user has none and the rules do not allow `ak_auto_` keys.
    """
    row = world.store.row("SELECT key FROM api_keys WHERE user_row = ? ORDER BY key", user.pk)
    if row is not None:
        return str(row["key"])
    key = AUTO_KEY_PREFIX + user.username
    return key if can_be_made(world, key) else None


def can_be_made(world: World, key: str) -> bool:
    """Whether the first use of this key, which was not issued, creates its account."""
    name = key.removeprefix(AUTO_KEY_PREFIX)
    if name == key or world.rules.is_auth_strict or not is_username(name):
        return False
    return world.store.row("SELECT 1 FROM retired_keys WHERE key = ?", key) is None


def make(
    world: World,
    username: str,
    *,
    email: str | None = None,
    password_hash: str | None = None,
    api_key: str | None = None,
    display_name: str | None = None,
    bio: str | None = None,
    avatar_url: str | None = None,
    role: Role = "USER",
    followers_base: int = 0,
    tenant_id: str | None = None,
    is_email_verified: bool = True,
) -> User:
    """Create an account; without `email` it gets an unused address at example.com.

    Refuses (`invalid`) a bad name, (`conflict`) a name or mail address that is taken.
    """
    email = email or _free_email(world, username)
    if not is_username(username):
        raise Refused("invalid", "A username is 1 to 50 letters, digits, dots, dashes, underscores")
    if world.store.row("SELECT 1 FROM users WHERE username = ? OR email = ?", username, email):
        raise Refused("conflict", "Username or email already registered")
    now_ms = world.now_ms
    user_id = world.ids.uuid()
    with world.change():
        row = world.store.insert(
            "users",
            id=user_id,
            username=username,
            email=email,
            password_hash=password_hash,
            display_name=display_name,
            bio=bio,
            avatar_url=avatar_url,
            role=role,
            followers_base=followers_base,
            is_email_verified=is_email_verified,
            tenant_id=tenant_id,
            created_at_ms=now_ms,
        )
        if api_key:
            world.store.write("INSERT INTO api_keys VALUES (?, ?)", api_key, row)
        world.emit(AccountMade(at_ms=now_ms, user_id=user_id, username=username))
    return by_pk(world, row)


def free_username(world: World, wanted: str) -> str:
    """Return this name, or if it is taken or reserved, the name with a number: `ada2`."""
    name, number = wanted, 1
    while username_error(name) or world.store.row("SELECT 1 FROM users WHERE username = ?", name):
        number += 1
        name = f"{wanted}{number}"
    return name


def _free_email(world: World, username: str) -> str:
    """Return `<name>@example.com`, or with a number if it is taken: `ada+2@example.com`."""
    email, number = f"{username}@example.com", 1
    while world.store.row("SELECT 1 FROM users WHERE email = ?", email):
        number += 1
        email = f"{username}+{number}@example.com"
    return email


def _one(world: World, where: str, value: object) -> User:
    row = world.store.row(f"{_SELECT} {where}", value)
    if row is None:
        raise Refused("not_found", "User not found")
    return _user(world, row)


def _user(world: World, row: Row) -> User:
    return read_row(
        User,
        row,
        avatar_url=_address(world, row["avatar_url"]),
        banner_url=_address(world, row["banner_url"]),
        socials=_socials(row),
        follower_count=row["followers_base"] + row["follower_count"],
    )


def _address(world: World, path: str | None) -> str | None:
    """Return a picture's full address.

    Only its path is stored: the base may differ after a restart.
    """
    return None if path is None else f"{world.media_base()}{path}"


def _socials(row: Row) -> Socials | None:
    links = (row["twitter"], row["github"], row["youtube"], row["website"])
    return Socials(*links) if any(item is not None for item in links) else None
