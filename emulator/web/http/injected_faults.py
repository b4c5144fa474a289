"""InjectedFault: the effect of a fault on a call of the platform's API (`world/faults/api`).

An answer made by a fault says so in `X-Emulator-Fault`, with the fault's id and kind.
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
from emulator.world.faults.api import ApiCut, ApiDelay, ApiFail, ApiHang, ApiMalform, ApiStale
from emulator.world.faults.faults import Active
from emulator.world.world import World

HEADER = "X-Emulator-Fault"
# Calls that may hang at once in a process; further ones are refused, so that memory is limited.
HANGING_MAX = 2_000
_BODILESS = (204, 304)
# Addresses whose old answers one `api.stale` fault remembers.
_STALE_MAX = 1_000

_hanging: set[asyncio.Event] = set()


class InjectedFault(Struct, frozen=True):
    """The fault that struck a call. With `is_done` the call takes effect all the same.

    `status` is that of an error answer, 0 for the normal answer. Its `body` is a text or JSON, None
    for the platform's own form.
    """

    description: str
    is_done: bool = True
    status: int = 0
    is_cut: bool = False
    is_malformed: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None

    def instead_of(self, response: Response, trace_id: str) -> Response:
        """Return the answer that replaces `response`."""
        if self.status:
            response = self._failure(trace_id)
        elif self.is_cut:
            response = Cut(response)
        elif self.is_malformed:
            response = _malformed(response)
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
    """Sends the head of an answer and half of its body; then the connection ends.

    The server closes a connection whose answer is incomplete, and logs that.
    """

    def __init__(self, whole: Response) -> None:
        super().__init__(status_code=200 if whole.status_code in _BODILESS else whole.status_code)
        self.body = bytes(whole.body)
        self.raw_headers = [
            header for header in whole.raw_headers if header[0] != b"content-length"
        ]
        # One byte more than the body has, so the answer is incomplete even if the body is empty.
        self.headers["Content-Length"] = str(len(self.body) + 1)

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        half = self.body[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


async def inject_faults(call: Call, then: Callable[[Call], Awaitable[Response]]) -> Response:
    """Answer a call with the effects of the faults that are on.

    Faults do not apply to the console's calls: it would show errors meant for the app, and use up
    the `times` of a fault.
    """
    if call.is_of_console or not call.world.faults.are_on:
        return await then(call)
    fault = await _strike(call)
    if fault is None:
        return _stale(call, await then(call))
    response = await then(call) if fault.is_done else Response()
    return fault.instead_of(response, call.trace_id)


def _malformed(whole: Response) -> Response:
    """Return half of an answer, with a matching length. One without a body stays as it is."""
    body = bytes(whole.body)
    if len(body) < 2:
        return whole
    response = Response(body[: len(body) // 2], whole.status_code)
    length = [header for header in response.raw_headers if header[0] == b"content-length"]
    others = [header for header in whole.raw_headers if header[0] != b"content-length"]
    response.raw_headers = [*others, *length]
    return response


def _stale(call: Call, fresh: Response) -> Response:
    """Return the first answer of the same read if a fault (`api.stale`) strikes and it differs."""
    faults, request = call.world.faults, call.request
    if request.method != "GET" or fresh.status_code != 200 or not isinstance(fresh.body, bytes):
        return fresh
    facts = facts_of(call)
    faults.observe(ApiStale, **facts)
    for active in faults.on(ApiStale):
        if not active.fault.meets(facts):
            continue
        key = f"{facts['user']} {request.url.path}?{request.url.query}"
        before: Response | None = active.remembered.get(key)
        if before is None and len(active.remembered) < _STALE_MAX:
            active.remembered[key] = Response(fresh.body, headers=dict(fresh.headers))
        elif before is not None and before.body != fresh.body and faults.draws(active):
            faults.note(active, f"GET {request.url.path}")
            response = Response(bytes(before.body), headers=dict(before.headers))
            response.headers[HEADER] = active.label
            return response
    return fresh


def facts_of(call: Call) -> dict[str, str]:
    """Return the properties of a call that faults of the API are matched against."""
    return {
        "method": call.request.method,
        "path": call.request.url.path,
        "operation": call.operation.path,
        "user": call.caller.username if call.caller else "",
    }


async def _strike(call: Call) -> InjectedFault | None:
    """Return the fault that strikes this call, or None. Waits first if it is a delay."""
    world, facts = call.world, facts_of(call)
    subject, faults = f"{facts['method']} {facts['path']}", world.faults
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
    malformed = None if cut else faults.strike(ApiMalform, subject, **facts)
    texts += [active.label for active in (cut, malformed) if active is not None]
    if not texts:
        return None
    return InjectedFault(
        "; ".join(texts), is_cut=cut is not None, is_malformed=malformed is not None
    )


async def wait_until_over(world: World, hang: Active[Any], most_ms: int) -> bool:
    """Wait until the fault is over or `most_ms` have passed; False if too many calls wait."""
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
