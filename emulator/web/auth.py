"""Auth: who sends this request, and to which world (contract, Conventions)."""

import base64
import binascii
import json
from typing import Any

from starlette.requests import HTTPConnection

from emulator.core.errors import Refused
from emulator.world.auth import tokens
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World


def credential(connection: HTTPConnection) -> str:
    """The API key or access token of a request, `` where there is none.

    `X-API-Key` wins where a request also sends `Authorization` (contract, Conventions).
    """
    return _api_key(connection) or bearer(connection)


def has_two_credentials(connection: HTTPConnection) -> bool:
    """Whether a request sends both, of which one is ignored."""
    return bool(_api_key(connection) and bearer(connection))


def _api_key(connection: HTTPConnection) -> str:
    return connection.headers.get("x-api-key", "").strip()


def bearer(connection: HTTPConnection) -> str:
    """The token of an `Authorization: Bearer` header, `` where there is none."""
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def authenticate(world: World, given: str) -> User:
    """Whose credential this is. Refuses (`unauthorized`) none, a wrong one, an expired one.

    A key may end in `@` and the world's name.
    """
    given = given.removesuffix(f"@{world.name}")
    if not given:
        raise Refused("unauthorized", "Not authenticated")
    # A JWT is three base64url parts with dots between (RFC 7515, 7.1); no API key has dots.
    if given.count(".") == 2:
        return tokens.by_access_token(world, given)
    return accounts.by_api_key(world, given)


def authenticate_optional(world: World, given: str) -> User | None:
    """The caller of a public endpoint; None without a credential or with an invalid one."""
    try:
        return authenticate(world, given)
    except Refused:
        return None


def recognised(world: World, given: str) -> tuple[bool, User | None]:
    """Whether a credential is good, and whose it is. Makes no account, whatever the key."""
    given = given.removesuffix(f"@{world.name}")
    if given.count(".") == 2:
        user = authenticate_optional(world, given)
        return user is not None, user
    user = accounts.find_by_api_key(world, given)
    return user is not None or accounts.may_be_made(world, given), user


def expires_at_ms(given: str) -> int | None:
    """When an access token says that it expires; None for an API key, which never does."""
    exp = _told_by(given).get("exp")
    return exp * 1000 if isinstance(exp, int) else None


def world_of(given: str) -> str:
    """The world that a credential says it was issued in, `` where it does not say.

    `ak_demo@NAME` says it after the `@`, an access token in its claims. Whether it is genuine is
    for that world to judge.
    """
    if given.count(".") != 2:
        return given.partition("@")[2]
    name = _told_by(given).get("world")
    return name if isinstance(name, str) else ""


def _told_by(token: str) -> dict[str, Any]:
    """What an access token claims, unproven; nothing where it is no token."""
    if token.count(".") != 2:
        return {}
    claims = token.split(".")[1]
    try:
        payload = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}
