"""What may go wrong with the platform's API: answers that are late, wrong, missing or cut."""

from dataclasses import replace
from typing import Any, ClassVar

from emulator.core.values import dataclass
from emulator.world.faults import answers
from emulator.world.faults.answers import FailAnswer, Step
from emulator.world.faults.fault import Fault, contains
from emulator.world.faults.values import duration, flag, one_of, text, value


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
    """Answers are errors, in the platform's words or with `headers` and a `body` of one's own.

    With `done`, what was asked for is done all the same. `answers` come one after another, each a
    status, a table of these values, or `through`; the fault is over behind the last of them.
    """

    kind: ClassVar[str] = "api.fail"

    status: int = value("status", answers.status, 503)
    is_done: bool = value("done", flag, False)
    headers: dict[str, str] | None = value("headers", answers.headers, None)
    body: object = value("body", answers.body, None)
    retry_after_ms: int | None = value("retry_after", duration, None)
    answers: tuple[Step, ...] | None = value("answers", answers.answers, None)

    @property
    def times_usual(self) -> int:
        return len(self.answers or ())

    def answer(self, number: int) -> FailAnswer:
        """What the call is answered that it strikes as the `number`th, counted from 1."""
        own: dict[str, Any] = {}
        if self.answers:
            own = self.answers[(number - 1) % len(self.answers)].values
        usual = FailAnswer(
            status=self.status,
            headers=self.headers or {},
            body=self.body,
            retry_after_ms=self.retry_after_ms,
            is_done=self.is_done,
        )
        return replace(usual, **own)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiHang(ApiFault):
    """Answers do not come before the fault is over, or `most` has passed."""

    kind: ClassVar[str] = "api.hang"

    most_ms: int = value("most", duration, 300_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCut(ApiFault):
    """Connections are cut in the middle of the answer; what was asked for is done."""

    kind: ClassVar[str] = "api.cut"
