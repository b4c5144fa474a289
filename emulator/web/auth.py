"""Auth: the caller of a request, and its world (contract, Conventions)."""

import base64
import binascii
import json
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import Scope

from emulator.core.errors import Refused
from emulator.world.auth import tokens
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World


def header(scope: Scope, name: bytes) -> str:
    """The first header of this name, which is in lower case (ASGI, HTTP); empty without one."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return ""


def credential(connection: HTTPConnection) -> str:
    """The API key or access token of a request, `` where there is none.

    `X-API-Key` wins where a request also sends `Authorization` (contract, Conventions).
    """
    return _api_key(connection) or bearer(connection)


def has_two_credentials(connection: HTTPConnection) -> bool:
    """Whether a request sends both, of which one is ignored."""
    return bool(_api_key(connection) and bearer(connection))


def _api_key(connection: HTTPConnection) -> str:
    return header(connection.scope, b"x-api-key").strip()


def bearer(connection: HTTPConnection) -> str:
    """The token of an `Authorization: Bearer` header, `` where there is none."""
    scheme, _, value = header(connection.scope, b"authorization").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def authenticate(world: World, credential_text: str) -> User:
    """Whose credential this is. Refuses (`unauthorized`) none, a wrong one, an expired one.

    A key may end in `@` and the world's name.
    """
    credential_text = credential_text.removesuffix(f"@{world.name}")
    if not credential_text:
        raise Refused("unauthorized", "Not authenticated")
    # A JWT is three base64url parts with dots between (RFC 7515, 7.1); no API key has dots.
    if credential_text.count(".") == 2:
        return tokens.by_access_token(world, credential_text)
    return accounts.by_api_key(world, credential_text)


def authenticate_optional(world: World, credential_text: str) -> User | None:
    """The caller of a public endpoint; None without a credential or with an invalid one."""
    try:
        return authenticate(world, credential_text)
    except Refused:
        return None


def recognised(world: World, credential_text: str) -> tuple[bool, User | None]:
    """Whether a credential is good, and whose it is. Makes no account, whatever the key."""
    credential_text = credential_text.removesuffix(f"@{world.name}")
    if credential_text.count(".") == 2:
        user = authenticate_optional(world, credential_text)
        return user is not None, user
    user = accounts.find_by_api_key(world, credential_text)
    return user is not None or accounts.can_be_made(world, credential_text), user


def expires_at_ms(credential_text: str) -> int | None:
    """When an access token says that it expires; None for an API key, which never does."""
    exp = _claims(credential_text).get("exp")
    return exp * 1000 if isinstance(exp, int) else None


def world_of(credential_text: str) -> str:
    """The world that a credential says it was issued in, `` where it does not say.

    `ak_demo@NAME` says it after the `@`, an access token in its claims. Whether it is genuine is
    for that world to judge.
    """
    if credential_text.count(".") != 2:
        return credential_text.partition("@")[2]
    name = _claims(credential_text).get("world")
    return name if isinstance(name, str) else ""


def _claims(token: str) -> dict[str, Any]:
    """An access token's claims, unproven; empty if it is not a token."""
    if token.count(".") != 2:
        return {}
    claims = token.split(".")[1]
    try:
        payload = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}
