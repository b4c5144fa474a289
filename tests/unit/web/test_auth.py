"""Credentials: the header that counts, and a token's claims before its signature is checked."""

import base64
import json

import pytest
from starlette.requests import HTTPConnection

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.web import auth
from emulator.world.auth import tokens
from emulator.world.people import accounts
from emulator.world.world import World
from tests.support.tables import table

KEY = "ak_auto_bob"


def connection(**headers: str) -> HTTPConnection:
    """A request with these headers; `x_api_key` is written `x-api-key`."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "http", "headers": raw})


@table(
    ("headers", "credential", "has_two"),
    [
        ({}, "", False),
        ({"authorization": f"Bearer {KEY}"}, KEY, False),
        ({"authorization": f"bearer  {KEY} "}, KEY, False),
        ({"authorization": f"BEARER {KEY}"}, KEY, False),
        ({"x_api_key": f" {KEY} "}, KEY, False),
        # Another scheme, or none, is no credential, whatever follows it.
        ({"authorization": f"Basic {KEY}"}, "", False),
        ({"authorization": f"Token {KEY}"}, "", False),
        ({"authorization": f"BearerX {KEY}"}, "", False),
        ({"authorization": KEY}, "", False),
        ({"authorization": f" {KEY}"}, "", False),
        ({"authorization": "Bearer"}, "", False),
        ({"authorization": "Bearer "}, "", False),
        # A key with an empty bearer, or an empty key with a bearer, is one credential.
        ({"authorization": "Bearer ", "x_api_key": KEY}, KEY, False),
        ({"authorization": "Bearer", "x_api_key": KEY}, KEY, False),
        ({"authorization": f"Basic {KEY}", "x_api_key": "ak_auto_ada"}, "ak_auto_ada", False),
        ({"authorization": f"Bearer {KEY}", "x_api_key": " "}, KEY, False),
        ({"authorization": f"Bearer {KEY}", "x_api_key": "ak_auto_ada"}, "ak_auto_ada", True),
        ({"authorization": f"Bearer {KEY}", "x_api_key": KEY}, KEY, True),
    ],
)
def test_auth_credential_is_the_key_or_the_bearers(
    headers: dict[str, str], credential: str, has_two: bool
) -> None:
    request = connection(**headers)
    assert auth.credential(request) == credential
    assert auth.has_two_credentials(request) is has_two


def test_auth_each_kind_of_credential_finds_its_user(world: World) -> None:
    bob = accounts.by_api_key(world, KEY)
    session = tokens.open_session(world, bob)
    for credential in (KEY, f"{KEY}@{world.name}", session.access_token):
        assert auth.authenticate(world, credential) == bob
        assert auth.authenticate_optional(world, credential) == bob
        assert auth.recognised(world, credential) == (True, bob)
    # A key that could be created is valid, but nobody's yet; a lookup does not create it.
    assert auth.recognised(world, "ak_auto_new") == (True, None)
    assert accounts.find_by_api_key(world, "ak_auto_new") is None


@table("credential", ["", "@default", "ak_nobody", "a.b.c", "a.b", "ak_auto_bob@elsewhere"])
def test_auth_other_credentials_are_refused(credential: str) -> None:
    world = World(clock=ManualClock(), publish=lambda _: None)
    with pytest.raises(Refused) as refused:
        auth.authenticate(world, credential)
    assert refused.value.code == "unauthorized"
    assert (refused.value.message == "Not authenticated") is (credential in ("", "@default"))
    assert auth.authenticate_optional(world, credential) is None
    assert auth.recognised(world, credential) == (False, None)
    world.close()


def token_of(claims: object) -> str:
    """A token whose claims are encoded by RFC 7515: base64url without padding."""
    text = claims if isinstance(claims, str) else json.dumps(claims)
    return f"head.{base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}.signature"


@table("rest", range(8))
def test_auth_claims_of_every_length_are_read(rest: int) -> None:
    """Base64 has 0, 2 or 1 characters of padding by the length; a token has none."""
    claims = {"world": "w" + "x" * rest, "exp": 1_700_000_000 + rest}
    token = token_of(claims)
    assert auth.world_of(token) == claims["world"]
    assert auth.expires_at_ms(token) == (1_700_000_000 + rest) * 1000


def test_auth_claims_in_the_urls_alphabet_are_read() -> None:
    token = token_of({"world": "~~~???>>>", "exp": 1})
    assert set("-_") & set(token)
    assert auth.world_of(token) == "~~~???>>>"


@table(
    "token",
    [
        "head..signature",
        "head.!!!!.signature",
        "head.e.signature",
        token_of("[1]"),
        token_of("7"),
        token_of("{"),
        token_of("[" * 100_000),
        token_of({"world": 7, "exp": "soon"}),
        token_of({"world": None, "exp": 1.5}),
        "head.bm90IGpzb24.signature",
    ],
)
def test_auth_broken_claims_are_ignored(token: str) -> None:
    assert auth.world_of(token) == ""
    assert auth.expires_at_ms(token) is None


@table(
    ("credential", "name"),
    [
        ("ak_demo", ""),
        ("ak_demo@other", "other"),
        ("ak_demo@", ""),
        ("a.b@c", "c"),
        ("a.b.c.d@e", "e"),
        ("", ""),
    ],
)
def test_auth_keys_have_their_world_after_the_at(credential: str, name: str) -> None:
    assert auth.world_of(credential) == name
    assert auth.expires_at_ms(credential) is None
