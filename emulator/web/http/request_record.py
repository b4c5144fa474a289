"""Request records: what a call is remembered by in the request log."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel
from pydantic_core import from_json
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from emulator.core import causes
from emulator.core.causes import Range
from emulator.core.clock import monotonic_us
from emulator.core.errors import Refused
from emulator.platform.request_log import (
    ANSWER_BYTES_MAX,
    BODY_BYTES_MAX,
    REPLAY,
    Credential,
    LoggedRequest,
    SentRequest,
)
from emulator.web.auth import has_two_credentials, recognised
from emulator.web.errors import Invalid
from emulator.web.http.bodies import read_json
from emulator.web.http.call import Call
from emulator.web.http.excerpt import excerpt, excerpt_names, excerpt_path, excerpt_query
from emulator.web.http.replay import Replay

# How long an answer that is ready waits for a body that the request has announced.
_REST_SECONDS = 1


async def log_request(call: Call, then: Callable[[Call], Awaitable[Response]]) -> Response:
    """Put a call into the request log, unless it is the console's."""
    if call.is_of_console:
        return await count_request(call, then)
    with causes.collecting() as effects:
        response = await then(call)
    if not call.is_body_read:
        await read_rest(call)
    record(call, response, effects.ranges)
    return response


async def read_rest(call: Call) -> None:
    """Read a body that nobody has read: a fault or a refusal answered before.

    What an app sent with a call that failed is what its developer looks for, and a replay needs it.
    """
    length = call.request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit() and 0 < int(length) <= BODY_BYTES_MAX):
        return
    with suppress(Invalid, Refused, ClientDisconnect, TimeoutError):  # It is answered already.
        async with asyncio.timeout(_REST_SECONDS):
            call.json = await read_json(call.request, BODY_BYTES_MAX)


async def count_request(call: Call, then: Callable[[Call], Awaitable[Response]]) -> Response:
    """Count a call for the metrics, and leave it out of the log."""
    response = await then(call)
    call.platform.shared.requests.count(
        call.world.name,
        call.request.method,
        response.status_code,
        monotonic_us() - call.began_us,
    )
    return response


def record(call: Call, response: Response, events: Sequence[Range] = ()) -> None:
    """Put a call, its answer and the `events` that it caused into the request log."""
    request, operation, log = call.request, call.operation_or_none, call.platform.shared.requests
    replay: Replay | None = getattr(request.state, REPLAY, None)
    credential = _credential(call)
    answer = bytes(getattr(response, "body", b""))
    body = call.form if call.form is not None else _parsed(call.json)
    call.entry = LoggedRequest(
        seq=log.next_seq(),
        at_ms=call.world.now_ms,
        world=call.world.name,
        method=request.method,
        path=excerpt_path(request.url.path, operation.path if operation else None),
        operation=operation.path if operation else None,
        status=response.status_code,
        user=call.caller.username if call.caller else None,
        credential=credential,
        has_two_credentials=has_two_credentials(request),
        query=excerpt_query(request.query_params.items(), log.config.entry_bytes_max),
        body=excerpt(body, log.config.entry_bytes_max),
        unknown_fields=_unknown(call, body),
        trace_id=call.trace_id,
        user_agent=request.headers.get("user-agent", "")[:200],
        duration_us=monotonic_us() - call.began_us,
        headers=request.headers.raw,
        answer_headers=response.raw_headers,
        answer=answer if len(answer) <= ANSWER_BYTES_MAX else b"",
        answer_bytes=len(answer),
        sent=_sent(call),
        events=events,
        replay_of=replay.of if replay else None,
    )
    log.note(call.entry)
    if replay:
        replay.entry = call.entry


def _sent(call: Call) -> SentRequest:
    scope = call.request.scope
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    headers = call.request.headers
    has_body = "transfer-encoding" in headers or headers.get("content-length", "0").strip("0 ")
    body = call.json if len(call.json) <= BODY_BYTES_MAX else b""
    return SentRequest(path, scope["query_string"], None if has_body and not body else body)


def _credential(call: Call) -> Credential:
    """Where no operation was found, nobody has judged the credential yet."""
    credential = call.credential
    if call.caller is None and call.operation_or_none is None and credential:
        is_good, call.caller = recognised(call.world, credential)
        return "valid" if is_good else "invalid"
    if call.caller is not None:
        return "valid"
    return "invalid" if credential else "none"


def _parsed(json: bytes) -> Any:
    """A body as it was sent; None for one that is too long to keep or not JSON.

    Read as the models read it: no nesting without end, no half of a character, no NaN. What the log
    shows is JSON, too.
    """
    if not json or len(json) > BODY_BYTES_MAX:
        return None
    try:
        return from_json(json, allow_inf_nan=False)
    except ValueError:  # Also text that is not UTF-8. The answer has said so already.
        return None


def _unknown(call: Call, body: Any) -> tuple[str, ...]:
    """The names in query and body that no model reads."""
    operation = call.operation_or_none
    if operation is None:
        return ()
    names = _strangers(operation.query, list(call.request.query_params))
    if isinstance(body, dict) and operation.body:
        names += _strangers(operation.body, list(body))
    return excerpt_names(names)


def _strangers(model: type[BaseModel] | None, names: list[str]) -> list[str]:
    if not names:
        return []
    known: set[str] = set(getattr(model, "also_read", ()))
    for name, field in (model.model_fields if model else {}).items():
        known.update((name, field.alias or name))
    return [name for name in names if name not in known]
