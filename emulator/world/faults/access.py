"""What may go wrong with access: tokens that expire early, limits that are tighter."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from emulator.core.errors import Refused
from emulator.world.faults.fault import Fault
from emulator.world.faults.values import Value, one_of, text, whole
from emulator.world.rate_limiter import Quota

if TYPE_CHECKING:
    from emulator.world.people.accounts import User
    from emulator.world.world import World


_LIMIT = one_of("stream_creation", "session_creation", "chat", "api")


class AccessFault(Fault, frozen=True, kw_only=True):
    match_on: ClassVar[tuple[str, ...]] = ("user",)

    user: Annotated[str, Value("user", text)] = ""


class AuthExpire(AccessFault, frozen=True, kw_only=True):
    """Access tokens of before it began have expired; a refreshed one is good. Keys stay good."""

    kind: ClassVar[str] = "auth.expire"


class LimitTighten(AccessFault, frozen=True, kw_only=True):
    """Limits are so many a minute. With `what=api`, every call of the API counts against one."""

    kind: ClassVar[str] = "limit.tighten"
    match_on: ClassVar[tuple[str, ...]] = ("user", "what")

    what: Annotated[str, Value("what", _LIMIT)] = ""
    per_minute: Annotated[int, Value("per_minute", whole(1, 1_000_000))] = 1

    def meets(self, facts: dict[str, str]) -> bool:
        is_meant = facts["what"] != "api" or self.what == "api"
        return is_meant and Fault.meets(self, facts)


def take_tightened(world: "World", what: str, user: "User") -> Quota | None:
    """Count a call against a limit that a fault has made tighter; None where none has.

    Refuses (`rate_limited`) as the limit itself does.
    """
    for active in world.faults.on(LimitTighten):
        if active.fault.meets({"what": what, "user": user.username}):
            try:
                # Counted by itself: what was called before it began does not count.
                return world.limits.take(f"{what} {active.id}", user.id, active.fault.per_minute)
            except Refused as refused:
                world.faults.note(active, f"{what} of {user.username}")
                refused.details["fault"] = active.label
                raise
    return None


def check_expired(world: "World", user: "User", renewed_in: object) -> None:
    """Refuses (`unauthorized`) an access token that a fault has let expire.

    `renewed_in`: the faults that were on when it was issued, as its claims say.
    """
    for active in world.faults.on(AuthExpire):
        is_new = isinstance(renewed_in, list) and active.id in renewed_in
        if not is_new and active.fault.meets({"user": user.username}):
            world.faults.note(active, f"a token of {user.username}")
            raise Refused("unauthorized", "Token has expired", fault=active.label)
