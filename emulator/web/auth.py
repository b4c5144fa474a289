"""Auth: the caller of a request, and its world (contract, Conventions)."""

import base64
import binascii
import json
from typing import Any

from starlette.requests import HTTPConnection

from emulator.core.errors import Refused
from emulator.web.http.headers import header
from emulator.world.auth import tokens
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World


def credential(connection: HTTPConnection) -> str:
    """Return the API key or access token of a request; empty without one.

    If a request sends both `X-API-Key` and `Authorization`, the API key is used (contract,
    Conventions).
    """
    return _api_key(connection) or bearer(connection)


def has_two_credentials(connection: HTTPConnection) -> bool:
    """Whether a request sends an API key and a token, of which the token is ignored."""
    return bool(_api_key(connection) and bearer(connection))


def _api_key(connection: HTTPConnection) -> str:
    return header(connection.scope, b"x-api-key").strip()


def bearer(connection: HTTPConnection) -> str:
    """Return the token of an `Authorization: Bearer` header; empty without one."""
    scheme, _, value = header(connection.scope, b"authorization").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def authenticate(world: World, credential_text: str) -> User:
    """Return the user of a credential. Refuses (`unauthorized`) none, an invalid, an expired one.

    A key may end with `@` and the world's name.
    """
    credential_text = credential_text.removesuffix(f"@{world.name}")
    if not credential_text:
        raise Refused(
            "unauthorized",
            "Not authenticated",
            message="Not authenticated: send an API key or access token, as Authorization: Bearer.",
        )
    # A JWT is three base64url parts separated by dots (RFC 7515, 7.1); no API key contains dots.
    if credential_text.count(".") == 2:
        return tokens.by_access_token(world, credential_text)
    return accounts.by_api_key(world, credential_text)


def authenticate_optional(world: World, credential_text: str) -> User | None:
    """Return the user of a credential; None without one or for an invalid one."""
    try:
        return authenticate(world, credential_text)
    except Refused:
        return None


def recognised(world: World, credential_text: str) -> tuple[bool, User | None]:
    """Return whether a credential is valid, and its user. Never creates an account."""
    credential_text = credential_text.removesuffix(f"@{world.name}")
    if credential_text.count(".") == 2:
        user = authenticate_optional(world, credential_text)
        return user is not None, user
    user = accounts.find_by_api_key(world, credential_text)
    return user is not None or accounts.can_be_made(world, credential_text), user


def expires_at_ms(credential_text: str) -> int | None:
    """Return the expiry time (ms) in an access token; None for an API key, which never expires."""
    exp = _claims(credential_text).get("exp")
    return exp * 1000 if isinstance(exp, int) else None


def world_of(credential_text: str) -> str:
    """Return the name of the world in a credential; empty if it contains none.

    `ak_demo@NAME` has it after the `@`, an access token in its claims. Whether the credential is
    genuine is checked by that world.
    """
    if credential_text.count(".") != 2:
        return credential_text.partition("@")[2]
    name = _claims(credential_text).get("world")
    return name if isinstance(name, str) else ""


def _claims(token: str) -> dict[str, Any]:
    """Return an access token's claims without a check of its signature; empty if it is no token."""
    if token.count(".") != 2:
        return {}
    claims = token.split(".")[1]
    try:
        payload = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}
