"""Auth: who sends this request (contract, Conventions)."""

from starlette.requests import HTTPConnection

from emulator.core.errors import Refused
from emulator.world.people import accounts, tokens
from emulator.world.people.accounts import User
from emulator.world.world import World


def credential(connection: HTTPConnection) -> str:
    """The API key or access token of a request, `` where there is none."""
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    return connection.headers.get("x-api-key", "").strip()


def whose(world: World, given: str) -> User:
    """Whose credential this is. Refuses (`unauthorized`) none, a wrong one, an expired one."""
    if not given:
        raise Refused("unauthorized", "Not authenticated")
    # A JWT is three base64url parts with dots between (RFC 7515, 7.1); no API key has dots.
    if given.count(".") == 2:
        return tokens.by_access_token(world, given)
    return accounts.by_api_key(world, given)


def whose_or_nobody(world: World, given: str) -> User | None:
    """The same on a public endpoint, where a wrong credential is ignored."""
    try:
        return whose(world, given)
    except Refused:
        return None
