"""Dispatch: from a request under a prefix to its endpoint's answer, in the contract's order.

Read it from the end: each function adds something to a `Call` and calls the function above it. A
refusal becomes the answer.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from emulator.core import causes
from emulator.core.clock import monotonic_us
from emulator.core.errors import Refused
from emulator.platform.worlds import Worlds
from emulator.shapes.dialect import Dialect
from emulator.shapes.times import iso
from emulator.web import errors
from emulator.web.auth import authenticate, authenticate_optional
from emulator.web.errors import Invalid, JSONResponse, error_detail
from emulator.web.http.answers import Download, Other
from emulator.web.http.bodies import UploadedFile, media_type, read_file, read_form, read_json
from emulator.web.http.call import Call
from emulator.web.http.field_names import as_sent
from emulator.web.http.injected_faults import inject_faults
from emulator.web.http.operation import FORM, Operation
from emulator.web.http.rate_limits import count_against_limits
from emulator.web.http.request_record import read_rest, record
from emulator.web.http.router import Router
from emulator.web.http.validation_messages import message_of
from emulator.web.http.world_choice import choose

# `Date` has whole seconds (RFC 9110, 5.6.7): from half a second on, it more likely shows another
# one.
_DATE_MS = 500

Answer = Callable[[Call], Awaitable[Response]]


class Dispatch:
    """Answers all requests below one prefix, each in its own world."""

    def __init__(self, worlds: Worlds, dialect: Dialect, answer: Answer) -> None:
        self._worlds = worlds
        self._dialect = dialect
        self._answer = answer

    async def answer(self, request: Request) -> Response:
        call = Call(
            request=request,
            worlds=self._worlds,
            platform=self._worlds.default,
            dialect=self._dialect,
        )
        return await self._answer(call)


def platform_steps(router: Router) -> Answer:
    """Return the steps of the platform's API: calls are logged, limited, and struck by faults."""
    return partial(_logged, partial(_in_world, router, partial(_limited, _struck)))


def admin_steps(router: Router) -> Answer:
    """Return the steps of the admin API: its calls are not logged, and no fault strikes them."""
    return partial(_counted, partial(_in_world, router, call_endpoint))


async def _logged(then: Answer, call: Call) -> Response:
    """Put a call into the request log, unless the console made it."""
    if call.is_of_console:
        return await _counted(then, call)
    with causes.collecting() as effects:
        response = await then(call)
    if not call.is_body_read:
        await read_rest(call)
    record(call, response, effects.ranges)
    return response


async def _counted(then: Answer, call: Call) -> Response:
    """Count a call for the metrics without logging it."""
    response = await then(call)
    duration_us = monotonic_us() - call.began_us
    method, requests = call.request.method, call.platform.shared.requests
    requests.count(call.world.name, method, response.status_code, duration_us)
    return response


async def _in_world(router: Router, then: Answer, call: Call) -> Response:
    """Find the world and the operation; name the world in a header, and its time if it differs.

    The time is only sent if `Date` is wrong in this world (decision 24).
    """
    try:
        platform = call.platform = choose(call.worlds, call.request, call.credential)
    except Refused as refused:
        return errors.answer(refused, call.trace_id)
    try:
        _find_operation(router, call)
        _find_caller(call)
        response = await then(call)
    except Refused as refused:
        response = errors.answer(refused, call.trace_id)
    response.raw_headers.append((b"x-emulator-world", platform.world.name.encode()))
    clock = platform.clock
    if clock.mode != "real" or abs(clock.ahead_ms) >= _DATE_MS:
        response.headers["X-Emulator-Time"] = iso(clock.now_ms())
    return response


def _find_operation(router: Router, call: Call) -> None:
    scope = call.request.scope
    try:
        match = router.find(scope["method"], scope["path_params"]["path"])
    except Refused as refused:
        if refused.code == "upgrade_required" and scope["http_version"] >= "2":
            # There, a connection is not upgraded (RFC 9113, 8.6): WebSockets use CONNECT.
            raise Refused("bad_request", refused.message) from None
        raise
    call.operation_or_none, call.path = match


def _find_caller(call: Call) -> None:
    if call.operation.auth == "user":
        call.caller = authenticate(call.world, call.credential)
    elif call.credential:
        call.caller = authenticate_optional(call.world, call.credential)


async def _limited(then: Answer, call: Call) -> Response:
    """Refuse (`rate_limited`) a call over a limit; other answers show the tightest limit."""
    quota = count_against_limits(call)
    response = await then(call)
    if quota is not None:
        for name, value in errors.rate_headers(quota).items():
            response.headers.setdefault(name, value)
    return response


async def _struck(call: Call) -> Response:
    return await inject_faults(call, call_endpoint)


async def call_endpoint(call: Call) -> Response:
    """Call the operation's function with its parameters."""
    operation = call.operation
    try:
        if operation.upload is not None:
            async with _form(call) as (body, file):
                return _success(operation, await _value(call, body, file))
        return _success(operation, await _value(call, await _json(call), None))
    except Refused as refused:
        return errors.answer(refused, call.trace_id)


async def _value(call: Call, body: BaseModel | None, file: UploadedFile | None) -> Any:
    operation = call.operation
    values = {
        **call.path,
        "call": call,
        "caller": call.caller,
        "body": body,
        "query": None if operation.query is None else _query(operation.query, call.request),
        "file": file,
    }
    value = operation.answer(**{name: values[name.lstrip("_")] for name in operation.parameters})
    # Most values are dicts; this check is quicker than `isawaitable`.
    return await value if type(value) is not dict and inspect.isawaitable(value) else value


async def _json(call: Call) -> BaseModel | None:
    """Return the body of an operation that takes one, else None."""
    operation, model = call.operation, call.operation.body
    if model is None:
        return None
    call.is_body_read = True
    call.json = body = await read_json(call.request, call.platform.body_bytes_max)
    text = b"{}" if operation.is_body_optional and not body else body
    # Strict: `"5"` is not a number, and 0 is not false (decision 8).
    return _validated(model, partial(model.model_validate_json, strict=True), text)


@asynccontextmanager
async def _form(call: Call) -> AsyncIterator[tuple[BaseModel | None, UploadedFile | None]]:
    """Read the body of an operation that takes a file, which exists until the block ends."""
    request, operation = call.request, call.operation
    upload, model = operation.upload, operation.body
    if upload is None:
        raise TypeError(f"{operation.name} takes no file")
    call.is_body_read = True
    if upload.media_type != FORM:
        size_max = upload.bytes_max(call.platform)
        async with read_file(request, upload.media_type, size_max) as file:
            yield None, file
    elif operation.is_upload_required or media_type(request) == FORM:
        async with read_form(request, upload.bytes_max(call.platform)) as (fields, file):
            call.form = fields
            yield (_validated(model, model.model_validate, fields) if model else None), file
    else:
        yield await _json(call), None


def _validated(
    model: type[BaseModel], validate: Callable[[Any], BaseModel], value: object
) -> BaseModel:
    try:
        return validate(value)
    except ValidationError as error:
        raise Invalid(_errors("body", model, error)) from error


def _query(model: type[BaseModel], request: Request) -> BaseModel:
    text: str = request.scope["query_string"].decode("latin-1")
    try:
        return model.model_validate(dict(parse_qsl(text, keep_blank_values=True)))
    except ValidationError as error:
        raise Invalid(_errors("query", model, error)) from error


def _success(operation: Operation, value: Any) -> Response:
    if isinstance(value, Response):
        return value
    if isinstance(value, Other):
        return JSONResponse(value.value, status_code=value.status)
    if isinstance(value, Download):
        disposition = f"attachment; filename*=UTF-8''{quote(value.name)}"
        return Response(
            value.content,
            media_type=value.media_type,
            headers={"Content-Disposition": disposition},
        )
    if operation.status == 204:
        return Response(status_code=204)
    return JSONResponse(value, status_code=operation.status)


def _errors(where: str, model: type[BaseModel], error: ValidationError) -> list[dict[str, Any]]:
    return [
        error_detail(
            (where, *as_sent(model, detail["loc"])),
            detail["type"],
            message_of(detail["type"], detail["msg"]),
        )
        for detail in error.errors(include_url=False, include_context=False, include_input=False)
    ]
