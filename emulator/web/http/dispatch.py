"""Dispatch: from a request under a prefix to its operation's answer, in the contract's order.

Who asks (401), how often (429), with what (422, 413), and then the verb.
"""

import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from emulator.core.errors import Refused
from emulator.shapes.dialect import Dialect
from emulator.shapes.times import iso
from emulator.web import errors
from emulator.web.auth import authenticate, authenticate_optional, credential
from emulator.web.errors import Invalid, JSONResponse, mistake
from emulator.web.http.answers import Download, Other
from emulator.web.http.bodies import Uploaded, media_type, read_file, read_form, read_json
from emulator.web.http.call import Call
from emulator.web.http.injected_faults import HEADER as FAULT
from emulator.web.http.injected_faults import NOTHING, InjectedFault, meet
from emulator.web.http.operation import FORM, Limit, Operation
from emulator.web.http.request_log import UNLOGGED
from emulator.web.http.request_record import RequestRecord
from emulator.web.http.reuse import candidate
from emulator.web.http.router import Router
from emulator.web.platform import Platform
from emulator.web.worlds import Worlds
from emulator.world.faults.access import take_tightened
from emulator.world.people.accounts import User
from emulator.world.rate_limiter import Quota
from emulator.world.rules import RulesConfig
from emulator.world.world import World

# `Date` tells whole seconds (RFC 9110, 5.6.7).
_DATE_MS = 1_000
# How often a minute, by the world's rules.
_PER_MINUTE: dict[Limit, Callable[[RulesConfig], int]] = {
    "stream_creation": lambda rules: rules.stream_creations_per_minute,
    "session_creation": lambda rules: rules.session_creations_per_minute,
}


class Dispatch:
    """Answers every request below one prefix, each in the world that it means.

    `is_platform`: faults of that world (`world/faults/api`) strike here, and requests are logged.
    """

    def __init__(
        self, worlds: Worlds, router: Router, dialect: Dialect, *, is_platform: bool = True
    ) -> None:
        self._worlds = worlds
        self._router = router
        self._dialect = dialect
        self._is_platform = is_platform

    async def answer(self, request: Request) -> Response:
        quota: Quota | None = None
        trouble: InjectedFault | None = None
        note = RequestRecord(request)
        try:
            note.platform = platform = self._worlds.choose(request)
            note.operation, values = self._router.find(request.method, request.path_params["path"])
            operation = note.operation
            note.caller = caller = _caller(platform.world, operation, credential(request))
            quota = self._count(platform.world, operation, caller)
            trouble = await self._trouble(platform.world, operation, caller, request)
            response = NOTHING
            if trouble is None or trouble.is_done:
                response = await self._do(operation, platform, request, note, values)
        except Refused as refused:
            quota = refused.details.get("quota", quota)
            response = errors.answer(refused, request.state.trace_id)
        if trouble is not None:
            response = trouble.instead_of(response, request.state.trace_id)
        if quota:
            response.headers.update(_rate_headers(quota))
        response.headers.update(_world_headers(note.platform))
        if self._is_platform and UNLOGGED not in request.headers:
            self._note(note, request, response)
        else:
            note.count(self._worlds, response)
        return response

    def _note(self, note: RequestRecord, request: Request, response: Response) -> None:
        entry = note.finish(self._worlds, response)
        platform = note.platform or self._worlds.default
        # A fault may have struck for the last time just now.
        is_struck = platform.world.faults.are_on or FAULT in response.headers
        if note.is_reusable and not is_struck and response.status_code == 200:
            request.state.reusable = candidate(platform, entry, note.repeat)

    def _count(self, world: World, operation: Operation, caller: User | None) -> Quota | None:
        """Count a call against its limits. Gives what is left of the tightest."""
        if caller is None or not world.faults.are_on or not self._is_platform:
            return _count(world, operation, caller)
        tight = take_tightened(world, "api", caller)
        if operation.limit is not None:
            tight = take_tightened(world, operation.limit, caller) or tight
        return tight or _count(world, operation, caller)

    async def _trouble(
        self, world: World, operation: Operation, caller: User | None, request: Request
    ) -> InjectedFault | None:
        if not self._is_platform or not world.faults.are_on:
            return None
        return await meet(
            world,
            method=request.method,
            path=request.url.path,
            operation=operation.path,
            user=caller.username if caller else "",
        )

    async def _do(
        self,
        operation: Operation,
        platform: Platform,
        request: Request,
        note: RequestRecord,
        values: dict[str, str],
    ) -> Response:
        async with self._body(platform, operation, request, note) as (body, upload):
            call = Call(
                platform=platform,
                dialect=self._dialect,
                caller=note.caller,
                credential=credential(request),
                accept=request.headers.get("accept", ""),
                path=values,
                body=body,
                query=_query(operation, request),
                upload=upload,
                origin=request.headers.get("origin", ""),
                last_event_id=request.headers.get("last-event-id", ""),
            )
            value = operation.answer(call)
            if inspect.isawaitable(value):
                value = await value
            note.repeat = _each_time(operation, call)
        return _success(operation, value)

    @asynccontextmanager
    async def _body(
        self, platform: Platform, operation: Operation, request: Request, note: RequestRecord
    ) -> AsyncIterator[tuple[BaseModel | None, Uploaded | None]]:
        upload, model = operation.upload, operation.body
        if upload and upload.media_type != FORM:
            size_max = upload.bytes_max(platform)
            async with read_file(request, upload.media_type, size_max) as file:
                yield None, file
        elif upload and (upload.is_required or media_type(request) == FORM):
            async with read_form(request, upload.bytes_max(platform)) as (fields, file):
                note.body = fields
                yield (_validated(model.model_validate, fields) if model else None), file
        elif model:
            note.json = body = await read_json(request, platform.body_bytes_max)
            said = b"{}" if operation.is_body_optional and not body else body
            # Strictly: a word is no number, and 0 is not false (decision 8).
            yield _validated(partial(model.model_validate_json, strict=True), said), None
        else:
            yield None, None


def _caller(world: World, operation: Operation, given: str) -> User | None:
    if operation.auth == "user":
        return authenticate(world, given)
    return authenticate_optional(world, given) if given else None


def _each_time(operation: Operation, call: Call) -> Callable[[], None] | None:
    """Do what is done at every call that is not refused. Returns how to do it again."""
    if operation.each_time is None:
        return None
    repeat = partial(operation.each_time, call)
    repeat()
    return repeat


def _count(world: World, operation: Operation, caller: User | None) -> Quota | None:
    """Count a call against the operation's own limit."""
    if operation.limit is None or caller is None:
        return None
    limit = _PER_MINUTE[operation.limit](world.rules)
    return world.limits.take(operation.limit, caller.id, limit) if limit else None


def _validated(validate: Callable[[Any], BaseModel], given: object) -> BaseModel:
    try:
        return validate(given)
    except ValidationError as error:
        raise Invalid(_mistakes("body", error)) from error


def _query(operation: Operation, request: Request) -> BaseModel | None:
    if operation.query is None:
        return None
    try:
        return operation.query.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise Invalid(_mistakes("query", error)) from error


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


def _mistakes(where: str, error: ValidationError) -> list[dict[str, Any]]:
    return [
        mistake((where, *detail["loc"]), detail["type"], detail["msg"])
        for detail in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _world_headers(platform: Platform | None) -> dict[str, str]:
    """Which world has answered, and its time where `Date` says another (decision 24)."""
    if platform is None:
        return {}
    clock, headers = platform.clock, {"X-Emulator-World": platform.world.name}
    if clock.mode != "real" or abs(clock.ahead_ms) >= _DATE_MS:
        headers["X-Emulator-Time"] = iso(clock.now_ms())
    return headers


def _rate_headers(quota: Quota) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(quota.limit),
        "X-RateLimit-Remaining": str(quota.remaining),
        "X-RateLimit-Reset": str(-(-quota.reset_ms // 1000)),
    }
