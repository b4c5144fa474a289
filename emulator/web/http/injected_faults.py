"""InjectedFault: what a fault makes of a call of the platform's API (`world/faults/api`).

An answer that a fault has made says so in `X-Emulator-Fault`, with the fault's id and kind.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct, field
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from emulator.web import errors
from emulator.web.http.call import Call
from emulator.web.http.waiting import pause
from emulator.world.faults.api import ApiCut, ApiDelay, ApiFail, ApiHang
from emulator.world.faults.faults import Active
from emulator.world.world import World

HEADER = "X-Emulator-Fault"
# So many calls may hang at once in a process; the next is refused, so that memory has a bound.
HANGING_MAX = 2_000
_BODILESS = (204, 304)

_hanging: set[asyncio.Event] = set()


class InjectedFault(Struct, frozen=True):
    """The fault that struck a call. `is_done`: the call is done all the same.

    `status` is that of an error that is answered, 0 where it is what would have been answered. Its
    `body` is a text or JSON, None for the platform's own words.
    """

    description: str
    is_done: bool = True
    status: int = 0
    is_cut: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None

    def instead_of(self, response: Response, trace_id: str) -> Response:
        """What is answered."""
        if self.status:
            response = self._failure(trace_id)
        elif self.is_cut:
            response = Cut(response)
        response.headers[HEADER] = self.description
        return response

    def _failure(self, trace_id: str) -> Response:
        response: Response
        if self.body is None:
            message = f"This answer was made by a fault ({self.description})."
            response = errors.failure(self.status, message, trace_id)
        elif isinstance(self.body, str):
            response = Response(self.body, self.status, media_type="text/plain")
        else:
            response = errors.JSONResponse(self.body, self.status)
        response.headers.update(self.headers)
        return response


class Cut(Response):
    """The head of an answer and half of its body; then the connection ends.

    The server closes a connection whose answer is not complete, and logs that it had to.
    """

    def __init__(self, whole: Response) -> None:
        super().__init__(status_code=200 if whole.status_code in _BODILESS else whole.status_code)
        self.body = bytes(whole.body)
        self.raw_headers = [
            header for header in whole.raw_headers if header[0] != b"content-length"
        ]
        # More than will come, also where there would be nothing.
        self.headers["Content-Length"] = str(len(self.body) + 1)

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        half = self.body[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


async def inject_faults(call: Call, then: Callable[[Call], Awaitable[Response]]) -> Response:
    """Let the faults that are on make what they are to make of this call.

    The console's calls meet none: it would show errors that are meant for the app, and use up the
    `times` of a fault.
    """
    if call.is_of_console or not call.world.faults.are_on:
        return await then(call)
    fault = await _strike(call)
    if fault is None:
        return await then(call)
    response = await then(call) if fault.is_done else Response()
    return fault.instead_of(response, call.trace_id)


async def _strike(call: Call) -> InjectedFault | None:
    """The fault that strikes this call, if any. Waits first, if it is a delay."""
    world, request = call.world, call.request
    method, path = request.method, request.url.path
    facts = {
        "method": method,
        "path": path,
        "operation": call.operation.path,
        "user": call.caller.username if call.caller else "",
    }
    subject, faults = f"{method} {path}", world.faults
    texts: list[str] = []
    delay = faults.strike(ApiDelay, subject, **facts)
    if delay is not None:
        texts.append(delay.label)
        await pause(world.clock, delay.fault.delay_ms)
    hang = faults.strike(ApiHang, subject, **facts)
    if hang is not None:
        texts.append(hang.label)
        if not await wait_until_over(world, hang, hang.fault.most_ms):
            return InjectedFault("; ".join(texts), is_done=False, status=503)
    failure = faults.strike(ApiFail, subject, **facts)
    if failure is not None:
        texts.append(failure.label)
        answer = failure.fault.answer(failure.struck)
        if answer.status:
            return InjectedFault(
                "; ".join(texts),
                is_done=answer.is_done,
                status=answer.status,
                headers=answer.all_headers,
                body=answer.body,
            )
    cut = faults.strike(ApiCut, subject, **facts)
    if cut is not None:
        texts.append(cut.label)
    return InjectedFault("; ".join(texts), is_cut=cut is not None) if texts else None


async def wait_until_over(world: World, hang: Active[Any], most_ms: int) -> bool:
    """Return when the fault is over, or so much has passed; False where too many wait already."""
    if len(_hanging) >= HANGING_MAX:
        return False
    is_over = asyncio.Event()
    _hanging.add(is_over)
    hang.when_over.append(is_over.set)
    timer = world.clock.call_at(world.now_ms + most_ms, is_over.set)
    try:
        await is_over.wait()
    finally:
        timer.cancel()
        _hanging.discard(is_over)
    return True
