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
