"""Faults of the platform's API: answers that are late, wrong, missing or cut."""

from typing import Annotated, Any, ClassVar

from msgspec.structs import replace

from emulator.world.faults import answers as readers
from emulator.world.faults.answers import AnswerStep, FailAnswer
from emulator.world.faults.fault import Fault, contains
from emulator.world.faults.values import Value, duration, flag, method_and_path, one_of, text

_METHOD = one_of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class ApiFault(Fault, frozen=True, kw_only=True):
    """`path` is what a path contains, or an operation's as the contract writes it.

    `operation` is one operation alone, with its method: `POST /streams/`.
    """

    match_on: ClassVar[tuple[str, ...]] = ("method", "user")

    method: Annotated[str, Value("method", _METHOD)] = ""
    path: Annotated[str, Value("path", text)] = ""
    operation: Annotated[str, Value("operation", method_and_path)] = ""
    user: Annotated[str, Value("user", text)] = ""

    def meets(self, facts: dict[str, str]) -> bool:
        is_there = contains(self.path, facts["path"], facts["operation"])
        called = f"{facts['method']} {facts['operation'].rstrip('/') or '/'}"
        is_meant = self.operation in ("", called)
        return is_there and is_meant and Fault.meets(self, facts)


class ApiDelay(ApiFault, frozen=True, kw_only=True):
    """Answers come `delay` later; what was asked for is done after it."""

    kind: ClassVar[str] = "api.delay"

    delay_ms: Annotated[int, Value("delay", duration)] = 1_000


class ApiFail(ApiFault, frozen=True, kw_only=True):
    """Answers are errors, in the platform's words or with `headers` and a `body` of one's own.

    With `done`, what was asked for is done all the same. `answers` come one after another, each a
    status, a table of these values, or `through`; the fault is over behind the last of them.
    """

    kind: ClassVar[str] = "api.fail"

    status: Annotated[int, Value("status", readers.status)] = 503
    is_done: Annotated[bool, Value("done", flag)] = False
    headers: Annotated[dict[str, str] | None, Value("headers", readers.headers)] = None
    body: Annotated[object, Value("body", readers.body)] = None
    retry_after_ms: Annotated[int | None, Value("retry_after", duration)] = None
    answers: Annotated[tuple[AnswerStep, ...] | None, Value("answers", readers.answers)] = None

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


class ApiHang(ApiFault, frozen=True, kw_only=True):
    """Answers do not come before the fault is over, or `most` has passed."""

    kind: ClassVar[str] = "api.hang"

    most_ms: Annotated[int, Value("most", duration)] = 300_000


class ApiCut(ApiFault, frozen=True, kw_only=True):
    """Connections are cut in the middle of the answer; what was asked for is done."""

    kind: ClassVar[str] = "api.cut"


class ApiMalform(ApiFault, frozen=True, kw_only=True):
    """Answers say that they are whole and are not: half of the body; what was asked for is done."""

    kind: ClassVar[str] = "api.malform"


class ApiStale(ApiFault, frozen=True, kw_only=True):
    """Reads are answered as the first of the same address was, whatever was written since.

    It strikes where that makes a difference, and remembers 1,000 addresses.
    """

    kind: ClassVar[str] = "api.stale"
