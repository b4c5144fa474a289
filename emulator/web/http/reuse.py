"""Reuse: an answer is sent again to the same request while nothing has changed.

Apps poll, and test suites poll often. The same request of the same caller gets the same bytes as
long as nothing was written in its world, and for at most `REUSE_MS`, because some answers contain
elapsed times. Only operations that just read allow it (`is_reusable`). Each such request is logged
like any other.
"""

from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace
from starlette.responses import Response
from starlette.types import Scope, Send

from emulator.core.clock import monotonic_us
from emulator.core.ids import trace_id
from emulator.platform.platform import Platform
from emulator.platform.request_log import REPLAY, UNLOGGED, UnreadRequest
from emulator.web.auth import header
from emulator.web.http.call import Call
from emulator.web.http.injected_faults import HEADER as FAULT

REUSE_MS = 100
_CANDIDATES_MAX = 512
_LOOKED_AT = 4
_BODY_BYTES_MAX = 65_536
# The key in a request's state for the answer that may be used again.
_STATE = "reusable"
# The headers, in addition to the address, on which an answer depends.
_VARIES = frozenset(
    (
        b"authorization",
        b"x-api-key",
        b"x-emulator-world",
        b"host",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-forwarded-port",
        b"origin",
        b"accept",
    )
)
_UNLOGGED = UNLOGGED.encode()
_FAULT = FAULT.lower().encode()

Key = tuple[object, ...]


class Candidate(Struct):
    """An answer that may be used again, made by the dispatch and completed when it is sent.

    `repeat` is called each time.
    """

    platform: Platform
    entry: UnreadRequest
    repeat: Callable[[], None] | None
    version: int
    at_ms: int
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    @property
    def is_fresh(self) -> bool:
        world = self.platform.world
        return world.store.version == self.version and 0 <= world.now_ms - self.at_ms < REUSE_MS


def offer_reuse(call: Call, response: Response) -> None:
    """Store in the request's state what is needed to use its answer again, if that is allowed."""
    operation, entry, world = call.operation_or_none, call.entry, call.world
    is_reusable = operation is not None and operation.is_reusable and response.status_code == 200
    if not is_reusable or entry is None:
        return
    # The answer may be the last one that a fault has made.
    is_struck = world.faults.are_on or any(name == _FAULT for name, _ in response.raw_headers)
    if not is_struck:
        version, now_ms = world.store.version, world.now_ms
        candidate = Candidate(call.platform, entry, call.repeat, version, now_ms)
        call.request.scope["state"][_STATE] = candidate


class Reuse:
    """The recent answers that may be used again."""

    def __init__(self) -> None:
        self._candidates: OrderedDict[Key, Candidate] = OrderedDict()

    def __len__(self) -> int:
        return len(self._candidates)

    def key(self, scope: Scope) -> Key | None:
        """Return the key of all requests with the same answer; None if this one is not reusable."""
        is_of_an_app = scope["method"] == "GET" and REPLAY not in scope["state"]
        return _key(scope) if is_of_an_app and not header(scope, _UNLOGGED) else None

    def find(self, key: Key) -> Candidate | None:
        candidate = self._candidates.get(key)
        return candidate if candidate is not None and candidate.is_fresh else None

    def keep(self, key: Key, scope: Scope, response: Response) -> None:
        """Store an answer for reuse, if the dispatch allowed it."""
        candidate: Candidate | None = scope["state"].get(_STATE)
        if candidate is None or len(response.body) > _BODY_BYTES_MAX:
            return
        candidate.headers, candidate.body = response.raw_headers, bytes(response.body)
        self._drop_stale()
        self._candidates[key] = candidate
        self._candidates.move_to_end(key)
        while len(self._candidates) > _CANDIDATES_MAX:
            self._candidates.popitem(last=False)

    def _drop_stale(self) -> None:
        """Look at the oldest few: more than one comes, so that in the end none is left."""
        for _ in range(min(_LOOKED_AT, len(self._candidates))):
            key, candidate = self._candidates.popitem(last=False)
            if candidate.is_fresh:
                self._candidates[key] = candidate


def _key(scope: Scope) -> Key:
    headers = [header for header in scope["headers"] if header[0] in _VARIES]
    return (scope["path"], scope["query_string"], *headers)


async def answer_again(candidate: Candidate, began_us: int, send: Send) -> None:
    """Send a stored answer with a new trace id and a new entry in the log."""
    if candidate.repeat is not None:
        candidate.repeat()
    trace = trace_id()
    headers = [*candidate.headers, (b"x-trace-id", trace.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": candidate.body})
    log = candidate.platform.shared.requests
    log.note(
        replace(
            candidate.entry,
            seq=log.next_seq(),
            at_ms=candidate.platform.world.now_ms,
            trace_id=trace,
            duration_us=monotonic_us() - began_us,
        )
    )
