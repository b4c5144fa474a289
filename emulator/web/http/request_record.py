"""Request records: what a call is remembered by in the request log."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json
from starlette.responses import Response

from emulator.core.clock import monotonic_us
from emulator.platform.request_log import ANSWER_BYTES_MAX, UNLOGGED, Credential, LoggedRequest
from emulator.web.auth import has_two_credentials, recognised
from emulator.web.http.call import Call
from emulator.web.http.excerpt import excerpt, excerpt_names, excerpt_path, excerpt_query

_JSON_BYTES_MAX = 65_536


async def log_request(call: Call, then: Callable[[Call], Awaitable[Response]]) -> Response:
    """Put a call into the request log, unless it is the console's."""
    if UNLOGGED in call.request.headers:
        return await count_request(call, then)
    response = await then(call)
    record(call, response)
    return response


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


def record(call: Call, response: Response) -> None:
    """Put a call and its answer into the request log."""
    request, operation, log = call.request, call.operation_or_none, call.platform.shared.requests
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
        query=excerpt_query(request.query_params.items(), log.entry_bytes_max),
        body=excerpt(body, log.entry_bytes_max),
        unknown_fields=_unknown(call, body),
        trace_id=call.trace_id,
        user_agent=request.headers.get("user-agent", "")[:200],
        duration_us=monotonic_us() - call.began_us,
        headers=request.headers.raw,
        answer_headers=response.raw_headers,
        answer=answer if len(answer) <= ANSWER_BYTES_MAX else b"",
        answer_bytes=len(answer),
    )
    log.note(call.entry)


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
    if not json or len(json) > _JSON_BYTES_MAX:
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
