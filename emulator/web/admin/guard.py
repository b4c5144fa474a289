"""Guards of `/_emulator/`: they refuse foreign pages, and requests without `--admin-token`."""

import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulator.core.errors import Refused
from emulator.core.ids import trace_id
from emulator.web.admin.callers import CallerRequest, Callers
from emulator.web.errors import answer

PREFIX = "/_emulator/"
# The files of the pages contain nothing private, and pages of streams need them under any name. The
# site is a client of the public API, for everybody who can reach that.
_OPEN = ("/_emulator/static/", "/_emulator/site/")
# Probes and the console's empty page contain nothing private either.
_WITHOUT_TOKEN = ("/_emulator/health", *_OPEN)
# A page of another origin cannot send these types without a preflight request.
_BODIES = ("application/json", "application/zip")
_WITHOUT_BODY = ("GET", "HEAD", "OPTIONS")


class CallerGuard:
    """Refuses (403) requests to the admin API from other origins, or under foreign host names.

    Also (403) a body that is not declared as JSON: a page may send other types of bodies to any
    server without a preflight (Fetch, 4.8, CORS-safelisted `Content-Type`). This middleware is
    before CORS, so that its refusals have no CORS headers.
    """

    def __init__(self, app: ASGIApp, callers: Callers) -> None:
        self._app = app
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_admin(scope) or f"{scope['path']}/".startswith(_OPEN):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        message = self._callers.refusal(_request(scope, headers))
        if message is None and scope["type"] == "http" and not _is_safe_body(headers):
            message, receive = await _body_refusal(scope["method"], headers, receive)
        if message is not None:
            await _refuse(Refused("forbidden", message), scope, receive, send)
            return
        await self._app(scope, receive, send)


class AdminGuard:
    """Refuses (401) a request to the admin API without the token, if one is set."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._expected and _is_admin(scope) and self._is_guarded(scope["path"]):
            authorization = Headers(scope=scope).get("authorization", "").encode("latin-1")
            if not hmac.compare_digest(authorization, self._expected):
                refused = Refused("unauthorized", "The admin API needs the token of --admin-token")
                await _refuse(refused, scope, receive, send)
                return
        await self._app(scope, receive, send)

    @staticmethod
    def _is_guarded(path: str) -> bool:
        return f"{path.rstrip('/')}/" != PREFIX and not f"{path}/".startswith(_WITHOUT_TOKEN)


def _is_admin(scope: Scope) -> bool:
    is_request = scope["type"] in ("http", "websocket")
    return is_request and (scope["path"].startswith(PREFIX) or scope["path"] == PREFIX[:-1])


def _request(scope: Scope, headers: Headers) -> CallerRequest:
    return CallerRequest(
        method=scope.get("method", "GET"),
        hosts=headers.getlist("host"),
        origins=headers.getlist("origin"),
        fetch_site=headers.get("sec-fetch-site", ""),
        fetch_mode=headers.get("sec-fetch-mode", ""),
        fetch_dest=headers.get("sec-fetch-dest", ""),
        referer=headers.get("referer", ""),
    )


def _is_safe_body(headers: Headers) -> bool:
    kinds = [kind.partition(";")[0].strip().lower() for kind in headers.getlist("content-type")]
    return len(kinds) == 1 and (kinds[0] in _BODIES or kinds[0].endswith("+json"))


async def _body_refusal(
    method: str, headers: Headers, receive: Receive
) -> tuple[str | None, Receive]:
    """Return why a body that is not declared as JSON is refused, and where to read on."""
    length = headers.get("content-length")
    if method in _WITHOUT_BODY or (length is not None and not length.strip("0 ")):
        return None, receive
    if length is None:
        # With HTTP/2 and chunks the head does not say whether there is a body.
        messages = [await receive()]
        while messages[-1].get("more_body") and not messages[-1].get("body"):
            messages.append(await receive())
        receive = _again(messages, receive)
        if not messages[-1].get("body"):
            return None, receive
    kind = headers.get("content-type", "")
    sent = f", not {kind[:100]!a}" if kind else ""
    return f"Send JSON with the header Content-Type: application/json{sent}", receive


def _again(messages: list[Message], receive: Receive) -> Receive:
    async def receive_again() -> Message:
        return messages.pop(0) if messages else await receive()

    return receive_again


async def _refuse(refused: Refused, scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse in the request's own protocol; a WebSocket is refused before it opens."""
    trace = scope.get("state", {}).get("trace_id") or trace_id()
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get(
        "extensions", {}
    ):
        await send({"type": "websocket.close", "code": 1008, "reason": refused.message[:100]})
        return
    # For a WebSocket, Starlette turns this into a refused handshake.
    await answer(refused, trace)(scope, receive, send)
