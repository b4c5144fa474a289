import jwt
import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.world.auth import tokens
from emulator.world.people.accounts import User
from emulator.world.world import World


def test_tokens_name_their_account_until_they_expire_on_the_world_clock(
    world: World, clock: ManualClock, ada: User
) -> None:
    session = tokens.open_session(world, ada)

    clock.advance(1_799_000)
    assert tokens.by_access_token(world, session.access_token) == ada
    clock.advance(2_000)

    with pytest.raises(Refused, match="expired"):
        tokens.by_access_token(world, session.access_token)
    assert session.expires_in_seconds == 1800


def test_tokens_forged_token_is_refused(world: World, ada: User) -> None:
    claims = {"sub": ada.id, "exp": world.now_ms // 1000 + 100}
    forged = [
        jwt.encode(claims, "another secret that is long enough", algorithm="HS256"),
        jwt.encode(claims, "", algorithm="none"),
        tokens.open_session(world, ada).access_token[:-2] + "xx",
        jwt.encode({"exp": claims["exp"]}, world.secret, algorithm="HS256"),
        jwt.encode({"sub": ada.id, "exp": "soon"}, world.secret, algorithm="HS256"),
        jwt.encode({"sub": "nobody", "exp": claims["exp"]}, world.secret, algorithm="HS256"),
        "a.b.c",
        "..",
    ]

    for token in forged:
        with pytest.raises(Refused) as refused:
            tokens.by_access_token(world, token)
        assert refused.value.code == "unauthorized"


def test_tokens_say_when_they_were_made_and_end(
    world: World, clock: ManualClock, ada: User
) -> None:
    claims = jwt.decode(
        tokens.open_session(world, ada).access_token, options={"verify_signature": False}
    )
    now_seconds = clock.now_ms() // 1000
    assert (claims["iat"], claims["exp"]) == (now_seconds, now_seconds + 1800)
    assert (claims["world"], claims["username"]) == (world.name, ada.username)


def test_tokens_refreshed_session_goes_on_with_new_tokens(world: World, ada: User) -> None:
    first = tokens.open_session(world, ada)
    second = tokens.refresh(world, first.refresh_token)

    assert second.refresh_token != first.refresh_token
    for token in (first.access_token, second.access_token):
        assert tokens.by_access_token(world, token) == ada
    # A used refresh token ends the session, whoever has its tokens.
    with pytest.raises(Refused, match="used before"):
        tokens.refresh(world, first.refresh_token)
    for token in (first.access_token, second.access_token):
        with pytest.raises(Refused):
            tokens.by_access_token(world, token)


def test_tokens_logout_ends_one_session_and_no_api_key(world: World, ada: User) -> None:
    kept, ended = tokens.open_session(world, ada), tokens.open_session(world, ada)
    tokens.log_out(world, ada, "ak_auto_ada")
    tokens.log_out(world, ada, ended.access_token)

    assert tokens.by_access_token(world, kept.access_token) == ada
    with pytest.raises(Refused):
        tokens.by_access_token(world, ended.access_token)
    tokens.close_all(world, ada, "a new password")
    with pytest.raises(Refused):
        tokens.by_access_token(world, kept.access_token)


def test_tokens_session_remembers_a_bounded_number_of_used_ones(world: World, ada: User) -> None:
    session = tokens.open_session(world, ada)
    for _ in range(tokens.USED_TOKENS_MAX + 5):
        session = tokens.refresh(world, session.refresh_token)
    assert world.store.number("SELECT count(*) FROM refresh_tokens") == tokens.USED_TOKENS_MAX + 1


def test_tokens_user_keeps_a_bounded_number_of_sessions(world: World, ada: User) -> None:
    first, *_, last = [tokens.open_session(world, ada) for _ in range(tokens.SESSIONS_MAX + 1)]
    assert world.store.number("SELECT count(*) FROM sessions") == tokens.SESSIONS_MAX
    assert tokens.by_access_token(world, last.access_token) == ada
    with pytest.raises(Refused):
        tokens.by_access_token(world, first.access_token)


def test_tokens_refresh_token_expires_at_its_instant(
    world: World, clock: ManualClock, ada: User
) -> None:
    life_ms = world.rules.refresh_token_ms
    early, late = tokens.open_session(world, ada), tokens.open_session(world, ada)
    clock.advance(life_ms - 1)
    assert tokens.refresh(world, early.refresh_token).user == ada
    clock.advance(1)
    with pytest.raises(Refused, match="expired"):
        tokens.refresh(world, late.refresh_token)
