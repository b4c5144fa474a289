"""Errors: the one place where a refusal becomes an HTTP answer (contract, Conventions)."""

import json
import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from emulator.core.errors import Code, Refused
from emulator.world.rate_limiter import Quota

log = logging.getLogger(__name__)

STATUS: dict[Code, int] = {
    "bad_request": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "too_large": 413,
    "wrong_type": 415,
    "unsupported": 422,
    "invalid": 422,
    "upgrade_required": 426,
    "rate_limited": 429,
    "unavailable": 503,
}


class Invalid(Refused):
    """A request that does not fit its model, with one entry for each error (contract, Errors)."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("invalid", "Validation error")
        self.errors = errors


def error_detail(loc: tuple[int | str, ...], kind: str, message: str) -> dict[str, Any]:
    """Return one entry of `Invalid`: the place in the request, the kind of error, a message."""
    return {"loc": list(loc), "msg": message, "type": kind, "message": message}


class JSONResponse(Response):
    """JSON without spaces, in UTF-8."""

    media_type = "application/json"

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Set the two headers as bytes: Starlette's code takes longer than the JSON encoding."""
        if self.status_code < 200 or self.status_code in (204, 304):
            super().init_headers(headers)
            return
        length = b"%d" % len(self.body)
        self.raw_headers = [(b"content-length", length), (b"content-type", b"application/json")]
        if headers:
            self.headers.update(headers)

    def render(self, content: Any) -> bytes:
        try:
            return msgspec.json.encode(content)
        except (TypeError, ValueError, OverflowError):
            # The content may contain what a client sent: numbers of any length, and deeply nested
            # values.
            return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def answer(refused: Refused, trace_id: str) -> Response:
    """Return the answer of a refusal in the platform's form, with its headers.

    `details` may contain a longer `message` for people, in addition to the `detail` that clients
    compare.
    """
    status = STATUS[refused.code]
    headers: dict[str, str] = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_seconds" in refused.details:
        headers["Retry-After"] = str(refused.details["retry_after_seconds"])
    if "quota" in refused.details:
        headers.update(rate_headers(refused.details["quota"]))
    if status == 426:  # RFC 9110, 7.8 and 15.5.22
        headers.update({"Upgrade": "websocket", "Connection": "Upgrade"})
    if "fault" in refused.details:
        headers["X-Emulator-Fault"] = refused.details["fault"]
    if "allow" in refused.details:
        headers["Allow"] = refused.details["allow"]
        status = 405
    message = refused.details.get("message", refused.message)
    return _body(status, _detail(refused, status), message, trace_id, headers)


def rate_headers(quota: Quota) -> dict[str, str]:
    """Return the headers of a rate limit: limit, remaining calls, and the time (s) of the reset."""
    return {
        "X-RateLimit-Limit": str(quota.limit),
        "X-RateLimit-Remaining": str(quota.remaining),
        "X-RateLimit-Reset": str(-(-quota.reset_ms // 1000)),
    }


def _detail(refused: Refused, status: int) -> object:
    """Return the message; for a 422 always a list, as clients expect (contract, Errors)."""
    if isinstance(refused, Invalid):
        return refused.errors
    if status != 422:
        return refused.message
    field = refused.details.get("field")
    return [error_detail(("body", field) if field else ("body",), refused.code, refused.message)]


def crash(error: Exception, trace_id: str) -> Response:
    """Answer a request that failed by a bug of the emulator; the server goes on."""
    # The HTTP server logs the traceback; this line connects it to the trace id that the client has.
    log.error("a request failed trace_id=%s error=%s", trace_id, type(error).__name__)
    message = "Internal server error"
    return _body(500, message, message, trace_id, {})


def failure(status: int, message: str, trace_id: str) -> Response:
    """Return an error of any status in the platform's form."""
    return _body(status, message, message, trace_id, {})


def _body(
    status: int, detail: object, message: str, trace_id: str, headers: Mapping[str, str]
) -> Response:
    return JSONResponse(
        {"detail": detail, "message": message, "status": status, "traceId": trace_id},
        status_code=status,
        headers=dict(headers),
    )
