"""Faults of the platform's API: late, wrong, missing or cut answers."""

from typing import Annotated, Any, ClassVar

from msgspec.structs import replace

from emulator.world.faults import answers as readers
from emulator.world.faults.answers import AnswerStep, FailAnswer
from emulator.world.faults.fault import Fault, contains
from emulator.world.faults.values import Value, duration, flag, method_and_path, one_of, text

_METHOD = one_of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class ApiFault(Fault, frozen=True, kw_only=True):
    """A fault of API calls. `path` is part of a path, or an operation's path as in the contract.

    `operation` is exactly one operation, with its method: `POST /streams/`.
    """

    match_on: ClassVar[tuple[str, ...]] = ("method", "user")

    method: Annotated[str, Value("method", _METHOD)] = ""
    path: Annotated[str, Value("path", text)] = ""
    operation: Annotated[str, Value("operation", method_and_path)] = ""
    user: Annotated[str, Value("user", text)] = ""

    def meets(self, facts: dict[str, str]) -> bool:
        is_on_path = contains(self.path, facts["path"], facts["operation"])
        called = f"{facts['method']} {facts['operation'].rstrip('/') or '/'}"
        is_meant = self.operation in ("", called)
        return is_on_path and is_meant and Fault.meets(self, facts)


class ApiDelay(ApiFault, frozen=True, kw_only=True):
    """Answers are `delay` late; the call is handled after the delay."""

    kind: ClassVar[str] = "api.delay"

    delay_ms: Annotated[int, Value("delay", duration)] = 1_000


class ApiFail(ApiFault, frozen=True, kw_only=True):
    """Answers are errors, in the platform's form or with the given `headers` and `body`.

    With `done`, the call takes effect all the same. `answers` are sent one after another: each is a
    status, a table of these values, or `through`; the fault ends with the last of them.
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
        """Return the answer to the `number`th call that the fault strikes, counted from 1."""
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
    """Answers are not sent until the fault is over or `most` has passed."""

    kind: ClassVar[str] = "api.hang"

    most_ms: Annotated[int, Value("most", duration)] = 300_000


class ApiCut(ApiFault, frozen=True, kw_only=True):
    """Connections are cut in the middle of the answer; the call has taken effect."""

    kind: ClassVar[str] = "api.cut"


class ApiMalform(ApiFault, frozen=True, kw_only=True):
    """Answers contain half of the body, with a matching length; the call has taken effect."""

    kind: ClassVar[str] = "api.malform"


class ApiStale(ApiFault, frozen=True, kw_only=True):
    """Reads get the first answer of the same address again, whatever was written since.

    It strikes only if that makes a difference, and remembers 1,000 addresses.
    """

    kind: ClassVar[str] = "api.stale"
