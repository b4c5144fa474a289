"""Dispatch: from a request under a prefix to its endpoint's answer, in the contract's order.

Each step is a small middleware over one `Call`: it learns something and lets the next answer. What
a step refuses is its answer.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

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
from emulator.web.http.rate_limits import limit_rate
from emulator.web.http.request_record import count_request, log_request
from emulator.web.http.reuse import offer_reuse
from emulator.web.http.router import Router
from emulator.web.http.world_choice import choose

# `Date` tells whole seconds (RFC 9110, 5.6.7).
_DATE_MS = 1_000

Next = Callable[[Call], Awaitable[Response]]
Step = Callable[[Call, Next], Awaitable[Response]]


class Dispatch:
    """Answers every request below one prefix by these steps, each in the world that it means."""

    def __init__(self, worlds: Worlds, dialect: Dialect, steps: list[Step]) -> None:
        self._worlds = worlds
        self._dialect = dialect
        self._answer: Next = _unanswered
        for step in reversed(steps):
            self._answer = partial(_take, step, self._answer)

    async def answer(self, request: Request) -> Response:
        call = Call(
            request=request,
            worlds=self._worlds,
            platform=self._worlds.default,
            dialect=self._dialect,
        )
        return await self._answer(call)


def platform_steps(router: Router) -> list[Step]:
    """How the platform's own API answers. The last step calls the endpoint."""
    return [
        offer_reuse,
        log_request,
        choose_world,
        partial(find_operation, router),
        find_caller,
        limit_rate,
        inject_faults,
        call_endpoint,
    ]


def admin_steps(router: Router) -> list[Step]:
    """How `/_emulator/` answers: no fault strikes there, and no app's requests are logged."""
    return [
        count_request,
        choose_world,
        partial(find_operation, router),
        find_caller,
        call_endpoint,
    ]


async def _take(step: Step, then: Next, call: Call) -> Response:
    try:
        return await step(call, then)
    except Refused as refused:
        return errors.answer(refused, call.trace_id)


async def _unanswered(_: Call) -> Response:
    raise RuntimeError("the last step of a dispatch lets another one answer")


async def choose_world(call: Call, then: Next) -> Response:
    """Say which world answers, and its time where `Date` says another (decision 24)."""
    platform = call.platform = choose(call.worlds, call.request)
    response = await then(call)
    response.headers["X-Emulator-World"] = platform.world.name
    clock = platform.clock
    if clock.mode != "real" or abs(clock.ahead_ms) >= _DATE_MS:
        response.headers["X-Emulator-Time"] = iso(clock.now_ms())
    return response


async def find_operation(router: Router, call: Call, then: Next) -> Response:
    request = call.request
    call.operation_or_none, call.path = router.find(request.method, request.path_params["path"])
    return await then(call)


async def find_caller(call: Call, then: Next) -> Response:
    if call.operation.auth == "user":
        call.caller = authenticate(call.world, call.credential)
    elif call.credential:
        call.caller = authenticate_optional(call.world, call.credential)
    return await then(call)


async def call_endpoint(call: Call, _: Next) -> Response:
    operation = call.operation
    async with _body(call) as (body, file):
        values = {
            **call.path,
            "call": call,
            "caller": call.caller,
            "body": body,
            "query": _query(operation, call.request),
            "file": file,
        }
        takes = operation.parameters
        value = operation.answer(**{name: values[name.lstrip("_")] for name in takes})
        if inspect.isawaitable(value):
            value = await value
    return _success(operation, value)


@asynccontextmanager
async def _body(call: Call) -> AsyncIterator[tuple[BaseModel | None, UploadedFile | None]]:
    request, operation = call.request, call.operation
    upload, model = operation.upload, operation.body
    call.is_body_read = bool(upload or model)
    if upload and upload.media_type != FORM:
        size_max = upload.bytes_max(call.platform)
        async with read_file(request, upload.media_type, size_max) as file:
            yield None, file
    elif upload and (operation.is_upload_required or media_type(request) == FORM):
        async with read_form(request, upload.bytes_max(call.platform)) as (fields, file):
            call.form = fields
            yield (_validated(model, model.model_validate, fields) if model else None), file
    elif model:
        call.json = body = await read_json(request, call.platform.body_bytes_max)
        said = b"{}" if operation.is_body_optional and not body else body
        # Strictly: `"5"` is not a number, and 0 is not false (decision 8).
        yield _validated(model, partial(model.model_validate_json, strict=True), said), None
    else:
        yield None, None


def _validated(
    model: type[BaseModel], validate: Callable[[Any], BaseModel], value: object
) -> BaseModel:
    try:
        return validate(value)
    except ValidationError as error:
        raise Invalid(_errors("body", model, error)) from error


def _query(operation: Operation, request: Request) -> BaseModel | None:
    if operation.query is None:
        return None
    try:
        return operation.query.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise Invalid(_errors("query", operation.query, error)) from error


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
        error_detail((where, *as_sent(model, detail["loc"])), detail["type"], detail["msg"])
        for detail in error.errors(include_url=False, include_context=False, include_input=False)
    ]
