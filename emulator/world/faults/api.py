"""What may go wrong with the platform's API: answers that are late, wrong, missing or cut."""

from typing import ClassVar

from emulator.core.values import dataclass
from emulator.world.faults.fault import Fault, contains
from emulator.world.faults.values import duration, flag, one_of, text, value, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiFault(Fault):
    """`path` is what a path contains, or an operation's as the contract writes it."""

    match_on: ClassVar[tuple[str, ...]] = ("method", "user")

    method: str = value(
        "method", one_of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), ""
    )
    path: str = value("path", text, "")
    user: str = value("user", text, "")

    def meets(self, facts: dict[str, str]) -> bool:
        is_there = contains(self.path, facts["path"], facts["operation"])
        return is_there and Fault.meets(self, facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDelay(ApiFault):
    """Answers come `delay` later; what was asked for is done after it."""

    kind: ClassVar[str] = "api.delay"

    delay_ms: int = value("delay", duration, 1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiFail(ApiFault):
    """Answers are errors. With `done`, what was asked for is done all the same."""

    kind: ClassVar[str] = "api.fail"

    status: int = value("status", whole(400, 599), 503)
    is_done: bool = value("done", flag, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiHang(ApiFault):
    """Answers do not come before the fault is over, or `most` has passed."""

    kind: ClassVar[str] = "api.hang"

    most_ms: int = value("most", duration, 300_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCut(ApiFault):
    """Connections are cut in the middle of the answer; what was asked for is done."""

    kind: ClassVar[str] = "api.cut"
