"""Accounts: who lives on the platform, and how they prove it."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from emulator.core.errors import Refused
from emulator.core.events.people import AccountMade, UserLoggedIn
from emulator.world.store.journal import Row
from emulator.world.world import World

AUTO_KEY_PREFIX = "ak_auto_"
USERNAME = re.compile(r"[A-Za-z0-9_.-]{1,50}")

# A test double's passwords guard nothing, so the cost is low on purpose: a login takes about 3 ms.
_SCRYPT_N = 2**10


@dataclass(frozen=True, slots=True)
class User:
    """One account. `row` is its key inside the database, `id` the platform's UUID."""

    row: int
    id: str
    username: str
    email: str
    display_name: str | None
    bio: str | None
    avatar_url: str | None
    banner_url: str | None
    role: str
    follower_count: int
    following_count: int
    is_live: bool
    is_email_verified: bool
    is_mfa_enabled: bool
    tenant_id: str | None
    created_at_ms: int


_SELECT = """
SELECT users.*, EXISTS (
    SELECT 1 FROM streams WHERE streams.user_row = users.row AND streams.status = 'live'
) AS is_live FROM users
"""


def find(world: World, user_id: str) -> User:
    """The account with this id. Refuses (`not_found`) an unknown one."""
    return _one(world, "WHERE users.id = ?", user_id)


def by_row(world: World, row: int) -> User:
    """The account that another row names."""
    return _one(world, "WHERE users.row = ?", row)


def by_rows(world: World, rows: Iterable[int]) -> dict[int, User]:
    """The accounts that other rows name, in one query."""
    found = world.store.rows(
        f"{_SELECT} WHERE users.row IN (SELECT value FROM json_each(?))", json.dumps(list(rows))
    )
    return {row["row"]: _user(row) for row in found}


def by_username(world: World, username: str) -> User:
    """The account of this name, upper and lower case alike. Refuses (`not_found`)."""
    return _one(world, "WHERE users.username = ?", username)


def by_api_key(world: World, key: str) -> User:
    """Whose API key this is. `ak_auto_<name>` makes the account on first use, unless rules forbid.

    Refuses (`unauthorized`) any other key that was never issued.
    """
    found = world.store.row("SELECT user_row FROM api_keys WHERE key = ?", key)
    if found:
        return by_row(world, found["user_row"])
    name = key.removeprefix(AUTO_KEY_PREFIX)
    if name == key or world.rules.is_auth_strict or not USERNAME.fullmatch(name):
        raise Refused("unauthorized", "Invalid authentication credentials")
    taken = world.store.row("SELECT row FROM users WHERE username = ?", name)
    with world.change():
        if taken:
            user = by_row(world, taken["row"])
            world.store.write("INSERT INTO api_keys VALUES (?, ?)", key, user.row)
            return user
        return make(world, name, api_key=key)


def make(
    world: World,
    username: str,
    *,
    email: str | None = None,
    password_hash: str | None = None,
    api_key: str | None = None,
    display_name: str | None = None,
    bio: str | None = None,
    role: str = "USER",
    followers_base: int = 0,
    tenant_id: str | None = None,
) -> User:
    """Make an account. Refuses (`invalid`) a bad name, (`conflict`) a taken name or mail."""
    email = email or f"{username}@example.com"
    if not USERNAME.fullmatch(username):
        raise Refused("invalid", "A username is 1 to 50 letters, digits, dots, dashes, underscores")
    if world.store.row("SELECT 1 FROM users WHERE username = ? OR email = ?", username, email):
        raise Refused("conflict", "Username or email already registered")
    now_ms = world.now_ms
    user_id = world.ids.uuid()
    with world.change():
        row = world.store.write(
            "INSERT INTO users (id, username, email, password_hash, display_name, bio, role,"
            " followers_base, is_email_verified, tenant_id, created_at_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
            user_id,
            username,
            email,
            password_hash,
            display_name,
            bio,
            role,
            followers_base,
            tenant_id,
            now_ms,
        )
        if api_key:
            world.store.write("INSERT INTO api_keys VALUES (?, ?)", api_key, row)
        world.emit(AccountMade(at_ms=now_ms, user_id=user_id, username=username))
    return by_row(world, row)


def log_in(world: World, name: str, password: str) -> User:
    """The account with this mail or username, if the password is right.

    Refuses (`unauthorized`) with one sentence for a wrong name and a wrong password.
    """
    found = world.store.row(
        "SELECT row, password_hash FROM users WHERE email = ? OR username = ?", name, name
    )
    given = hash_password(world, password)
    kept = (found["password_hash"] if found else None) or ""
    if not found or not hmac.compare_digest(given, kept):
        raise Refused("unauthorized", "Incorrect email or password")
    user = by_row(world, found["row"])
    with world.change():
        world.emit(UserLoggedIn(at_ms=world.now_ms, user_id=user.id))
    return user


def hash_password(world: World, password: str) -> str:
    """The password's scrypt hash (RFC 7914) in hexadecimal, salted with the world's secret."""
    salt = world.secret.encode()
    return hashlib.scrypt(password.encode(), salt=salt, n=_SCRYPT_N, r=8, p=1).hex()


def _one(world: World, where: str, value: object) -> User:
    found = world.store.row(f"{_SELECT} {where}", value)
    if found is None:
        raise Refused("not_found", "User not found")
    return _user(found)


def _user(row: Row) -> User:
    return User(
        row=row["row"],
        id=row["id"],
        username=row["username"],
        email=row["email"],
        display_name=row["display_name"],
        bio=row["bio"],
        avatar_url=row["avatar_url"],
        banner_url=row["banner_url"],
        role=row["role"],
        follower_count=row["followers_base"],
        following_count=0,
        is_live=bool(row["is_live"]),
        is_email_verified=bool(row["is_email_verified"]),
        is_mfa_enabled=bool(row["is_mfa_enabled"]),
        tenant_id=row["tenant_id"],
        created_at_ms=row["created_at_ms"],
    )
