"""Tokens of a login. Access tokens are JWTs (RFC 7519) that expire by the world's clock.

A session is a family of refresh tokens, each of which works once (RFC 9700, 4.14.2), and of the
access tokens issued with them. Once a session is closed, none of its tokens works.
"""

from typing import Any

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.people import LoginMeans, SessionsClosed, UserLoggedIn
from emulator.world.faults.access import AuthExpire
from emulator.world.faults.enforcement import check_expired
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

# Open sessions per user; a further one closes the oldest.
SESSIONS_MAX = 100
# Used refresh tokens that a session remembers, so that a stolen one is recognised.
USED_TOKENS_MAX = 50

_ALGORITHM = "HS256"
_INVALID = "Invalid authentication credentials"


class AuthSession(Struct, frozen=True):
    """The result of a login. `expires_in_seconds` is the life of the access token."""

    user: User
    access_token: str
    refresh_token: str
    expires_in_seconds: int


def open_session(world: World, user: User, means: LoginMeans = "password") -> AuthSession:
    """Sign a user in: an access token, and the first refresh token of a new family."""
    now_ms = world.now_ms
    session_id = world.ids.uuid()
    with world.change():
        world.store.write("DELETE FROM sessions WHERE expires_at_ms <= ?", now_ms)
        world.store.write(
            "DELETE FROM sessions WHERE row IN (SELECT row FROM sessions WHERE user_row = ?"
            " ORDER BY row DESC LIMIT -1 OFFSET ?)",
            user.pk,
            SESSIONS_MAX - 1,
        )
        row = world.store.insert(
            "sessions",
            id=session_id,
            user_row=user.pk,
            created_at_ms=now_ms,
            expires_at_ms=now_ms + world.rules.refresh_token_ms,
        )
        world.emit(UserLoggedIn(at_ms=now_ms, user_id=user.id, means=means))
        return _issue(world, user, session_id, row)


def refresh(world: World, refresh_token: str) -> AuthSession:
    """Exchange a refresh token, which works once, for new tokens.

    Refuses (`unauthorized`) an unknown, an expired and a used token. A used one was probably
    stolen, so its whole family stops working.
    """
    row = world.store.row(
        "SELECT refresh_tokens.row, is_used, session_row, sessions.id, user_row, expires_at_ms"
        " FROM refresh_tokens JOIN sessions ON sessions.row = session_row WHERE token = ?",
        refresh_token,
    )
    if row is None or row["expires_at_ms"] <= world.now_ms:
        raise Refused("unauthorized", "Invalid or expired refresh token")
    user = accounts.by_pk(world, row["user_row"])
    if row["is_used"]:
        _close(world, user, "a used refresh token came again", "row = ?", row["session_row"])
        raise Refused("unauthorized", "Refresh token was used before. Sign in again.")
    with world.change():
        world.store.update("refresh_tokens", row["row"], is_used=True)
        world.store.write(
            "DELETE FROM refresh_tokens WHERE row IN (SELECT row FROM refresh_tokens"
            " WHERE session_row = ? ORDER BY row DESC LIMIT -1 OFFSET ?)",
            row["session_row"],
            USED_TOKENS_MAX,
        )
        world.store.update(
            "sessions",
            row["session_row"],
            expires_at_ms=world.now_ms + world.rules.refresh_token_ms,
        )
        return _issue(world, user, row["id"], row["session_row"])


def by_access_token(world: World, token: str) -> User:
    """Return the account of an access token.

    Refuses (`unauthorized`) a token that is forged, expired by the world's clock, of a closed
    session, or of a deleted account.
    """
    claims = _claims(world, token)
    user = accounts.by_session(world, claims["sid"])
    if user is None or user.id != claims["sub"]:
        raise Refused("unauthorized", _INVALID)
    if world.now_ms >= claims["exp"] * 1000:
        raise Refused("unauthorized", "Token has expired")
    if world.faults.are_on:
        check_expired(world, user, claims.get("faults"))
    return user


def log_out(world: World, user: User, token: str) -> None:
    """Close the session of an access token. An API key has no session and keeps working."""
    if token.count(".") == 2:
        _close(world, user, "signed out", "id = ?", _claims(world, token)["sid"])


def close_all(world: World, user: User, reason: str) -> None:
    """Sign a user out everywhere."""
    _close(world, user, reason, "user_row = ?", user.pk)


def _close(world: World, user: User, reason: str, where: str, value: object) -> None:
    with world.change():
        world.store.write(f"DELETE FROM sessions WHERE {where}", value)
        world.emit(SessionsClosed(at_ms=world.now_ms, user_id=user.id, reason=reason))


def _issue(world: World, user: User, session_id: str, session_pk: int) -> AuthSession:
    import jwt  # Late: it imports `cryptography`, which would slow down a start.

    now_ms = world.now_ms
    refresh_token = world.ids.token()
    world.store.insert("refresh_tokens", token=refresh_token, session_row=session_pk)
    claims: dict[str, Any] = {
        "sub": user.id,
        "username": user.username,
        "sid": session_id,
        "jti": world.ids.uuid(),
        "world": world.name,
        "iat": now_ms // 1000,
        "exp": (now_ms + world.rules.access_token_ms) // 1000,
    }
    if world.faults.are_on:
        claims["faults"] = [active.id for active in world.faults.on(AuthExpire)]
    return AuthSession(
        user=user,
        access_token=jwt.encode(claims, world.secret, algorithm=_ALGORITHM),
        refresh_token=refresh_token,
        expires_in_seconds=world.rules.access_token_ms // 1000,
    )


def _claims(world: World, token: str) -> dict[str, Any]:
    """Return a token's claims if this world signed it: `sub` and `sid` as text, `exp` as int."""
    import jwt

    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            world.secret,
            algorithms=[_ALGORITHM],
            # Expiry is checked against the world's clock, which may stand or run faster.
            options={"verify_exp": False, "verify_iat": False, "require": ["sub", "sid", "exp"]},
        )
    except jwt.InvalidTokenError as error:
        raise Refused("unauthorized", _INVALID) from error
    is_ours = isinstance(claims["sid"], str) and isinstance(claims["exp"], int)
    if not is_ours:
        raise Refused("unauthorized", _INVALID)
    return claims
