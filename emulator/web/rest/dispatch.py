"""Dispatch: from a request under a prefix to its operation's answer, in the contract's order.

Who asks (401), how often (429), with what (422, 413), and then the verb.
"""

from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from emulator.core.errors import Refused
from emulator.web import errors
from emulator.web.auth import credential, whose, whose_or_nobody
from emulator.web.errors import Invalid, JSONResponse
from emulator.web.platform import Platform
from emulator.web.rest.call import Call, Dialect
from emulator.web.rest.operation import Operation
from emulator.web.rest.router import Router
from emulator.world.limits import Quota
from emulator.world.people.accounts import User


class Dispatch:
    """Answers every request below one prefix."""

    def __init__(self, platform: Platform, router: Router, dialect: Dialect) -> None:
        self._platform = platform
        self._router = router
        self._dialect = dialect

    async def answer(self, request: Request) -> Response:
        quota: Quota | None = None
        try:
            operation, values = self._router.find(request.method, request.path_params["path"])
            caller = self._caller(operation, request)
            quota = self._count(operation, caller)
            call = Call(
                platform=self._platform,
                dialect=self._dialect,
                caller=caller,
                path=values,
                body=await self._body(operation, request),
                query=_query(operation, request),
            )
            response = _success(operation, operation.answer(call))
        except Refused as refused:
            quota = refused.details.get("quota", quota)
            response = errors.answer(refused, request.state.trace_id)
        if quota:
            response.headers.update(_rate_headers(quota))
        return response

    def _caller(self, operation: Operation, request: Request) -> User | None:
        given = credential(request)
        if operation.auth == "user":
            return whose(self._platform.world, given)
        return whose_or_nobody(self._platform.world, given) if given else None

    def _count(self, operation: Operation, caller: User | None) -> Quota | None:
        if operation.limit is None or caller is None:
            return None
        world = self._platform.world
        limit = world.rules.stream_creations_per_minute
        return world.limits.take(operation.limit, caller.id, limit) if limit else None

    async def _body(self, operation: Operation, request: Request) -> BaseModel | None:
        if operation.body is None:
            return None
        body = await read_body(request, self._platform.body_bytes_max)
        media_type = request.headers.get("content-type", "application/json").partition(";")[0]
        if not _is_json(media_type):
            raise Invalid([_mistake(("body",), "media_type", f"Expected JSON, got {media_type}")])
        try:
            return operation.body.model_validate_json(body)
        except ValidationError as error:
            raise Invalid(_mistakes("body", error)) from error


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The request's body. Refuses (`too_large`) one over `bytes_max` as soon as that shows."""
    pieces: list[bytes] = []
    length = 0
    async for piece in request.stream():
        length += len(piece)
        if length > bytes_max:
            raise Refused("too_large", f"Request body is larger than {bytes_max} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _query(operation: Operation, request: Request) -> BaseModel | None:
    if operation.query is None:
        return None
    try:
        return operation.query.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise Invalid(_mistakes("query", error)) from error


def _success(operation: Operation, value: Any) -> Response:
    if operation.status == 204:
        return Response(status_code=204)
    return JSONResponse(value, status_code=operation.status)


def _is_json(media_type: str) -> bool:
    media_type = media_type.strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")


def _mistakes(where: str, error: ValidationError) -> list[dict[str, Any]]:
    return [
        _mistake((where, *mistake["loc"]), mistake["type"], mistake["msg"])
        for mistake in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _mistake(loc: tuple[int | str, ...], kind: str, sentence: str) -> dict[str, Any]:
    return {"loc": list(loc), "msg": sentence, "type": kind, "message": sentence}


def _rate_headers(quota: Quota) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(quota.limit),
        "X-RateLimit-Remaining": str(quota.remaining),
        "X-RateLimit-Reset": str(-(-quota.reset_ms // 1000)),
    }
