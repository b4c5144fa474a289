"""Rate limits: the calls of a signed-in user that count against a limit of the world's rules."""

from collections.abc import Callable

from emulator.web.http.call import Call
from emulator.web.http.operation import Limit
from emulator.world.faults.enforcement import take_tightened
from emulator.world.rate_limiter import Quota
from emulator.world.rules import RulesConfig

# Calls per minute, from the world's rules.
_PER_MINUTE: dict[Limit, Callable[[RulesConfig], int]] = {
    "stream_creation": lambda rules: rules.stream_creations_per_minute,
    "session_creation": lambda rules: rules.session_creations_per_minute,
}


def count_against_limits(call: Call) -> Quota | None:
    """Count a call against the limits of the faults that are on, or else against its own.

    Refuses (`rate_limited`) a call over a limit.
    """
    world, caller, limit = call.world, call.caller, call.operation.limit
    if caller is None:
        return None
    if world.faults.are_on and not call.is_of_console:
        tight = take_tightened(world, "api", caller)
        if limit is not None:
            tight = take_tightened(world, limit, caller) or tight
        if tight is not None:
            return tight
    per_minute = _PER_MINUTE[limit](world.rules) if limit is not None else 0
    return world.rate_limiter.take(limit, caller.id, per_minute) if limit and per_minute else None
