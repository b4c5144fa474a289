"""Enforcement: the effects of access faults on a caller: tighter limits, expired tokens."""

from emulator.core.errors import Refused
from emulator.world.faults.access import AuthExpire, LimitTighten
from emulator.world.people.accounts import User
from emulator.world.rate_limiter import Quota
from emulator.world.world import World


def take_tightened(world: World, what: str, user: User) -> Quota | None:
    """Count a call against a limit that a fault has tightened; None if none has.

    Refuses (`rate_limited`) as the limit itself does.
    """
    for active in world.faults.on(LimitTighten):
        if active.fault.meets({"what": what, "user": user.username}):
            try:
                # It has a counter of its own: calls before it began do not count.
                return world.rate_limiter.take(
                    f"{what} {active.id}", user.id, active.fault.per_minute
                )
            except Refused as refused:
                world.faults.note(active, f"{what} of {user.username}")
                refused.details["fault"] = active.label
                raise
    return None


def check_expired(world: World, user: User, renewed_in: object) -> None:
    """Refuse (`unauthorized`) an access token that a fault has made expire.

    `renewed_in` are the faults that were on when it was issued, from the token's claims.
    """
    world.faults.observe(AuthExpire, user=user.username)
    for active in world.faults.on(AuthExpire):
        is_new = isinstance(renewed_in, list) and active.id in renewed_in
        if not is_new and active.fault.meets({"user": user.username}):
            world.faults.note(active, f"a token of {user.username}")
            raise Refused("unauthorized", "Token has expired", fault=active.label)
