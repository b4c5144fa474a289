"""Faults of access: tokens that expire early, tighter limits."""

from typing import Annotated, ClassVar

from emulator.world.faults.fault import Fault
from emulator.world.faults.values import Value, one_of, text, whole

_LIMIT = one_of("stream_creation", "session_creation", "chat", "api")


class AccessFault(Fault, frozen=True, kw_only=True):
    match_on: ClassVar[tuple[str, ...]] = ("user",)

    user: Annotated[str, Value("user", text)] = ""


class AuthExpire(AccessFault, frozen=True, kw_only=True):
    """Access tokens issued before it began have expired; refreshed ones and API keys are valid."""

    kind: ClassVar[str] = "auth.expire"


class LimitTighten(AccessFault, frozen=True, kw_only=True):
    """Limits are `per_minute` calls a minute. With `what=api`, every call of the API counts."""

    kind: ClassVar[str] = "limit.tighten"
    match_on: ClassVar[tuple[str, ...]] = ("user", "what")

    what: Annotated[str, Value("what", _LIMIT)] = ""
    per_minute: Annotated[int, Value("per_minute", whole(1, 1_000_000))] = 1

    def meets(self, facts: dict[str, str]) -> bool:
        is_meant = facts["what"] != "api" or self.what == "api"
        return is_meant and Fault.meets(self, facts)
