"""Tokens: what a login gives. Access tokens are JWTs (RFC 7519), judged on the world's clock."""

from dataclasses import dataclass
from typing import Any

from emulator.core.errors import Refused
from emulator.world.people.accounts import User, find
from emulator.world.world import World

_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class Session:
    """What a login gives. `expires_in_seconds` is the access token's life."""

    user: User
    access_token: str
    refresh_token: str
    expires_in_seconds: int


def open_session(world: World, user: User) -> Session:
    """Issue an access token and the first refresh token of a new family."""
    import jwt  # Late: it brings `cryptography`, which a start must not pay for.

    now_ms = world.now_ms
    refresh_token = world.ids.token()
    claims = {
        "sub": user.id,
        "username": user.username,
        "jti": world.ids.uuid(),
        "world": world.name,
        "iat": now_ms // 1000,
        "exp": (now_ms + world.rules.access_token_ms) // 1000,
    }
    with world.change():
        world.store.write(
            "INSERT INTO refresh_tokens (token, user_row, family, expires_at_ms)"
            " VALUES (?, ?, ?, ?)",
            refresh_token,
            user.row,
            world.ids.uuid(),
            now_ms + world.rules.refresh_token_ms,
        )
    return Session(
        user=user,
        access_token=jwt.encode(claims, world.secret, algorithm=_ALGORITHM),
        refresh_token=refresh_token,
        expires_in_seconds=world.rules.access_token_ms // 1000,
    )


def by_access_token(world: World, token: str) -> User:
    """Whose access token this is.

    Refuses (`unauthorized`) a token that is forged, expired on the world's clock, or of an account
    that is gone.
    """
    import jwt

    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            world.secret,
            algorithms=[_ALGORITHM],
            # The world's clock judges the expiry below, since it may stand or run faster.
            options={"verify_exp": False, "verify_iat": False, "require": ["sub", "exp"]},
        )
        expires_at_ms = int(claims["exp"]) * 1000
        user = find(world, str(claims["sub"]))
    except (jwt.InvalidTokenError, Refused, ValueError, TypeError) as error:
        raise Refused("unauthorized", "Invalid authentication credentials") from error
    if world.now_ms >= expires_at_ms:
        raise Refused("unauthorized", "Token has expired")
    return user
