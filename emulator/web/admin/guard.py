"""Guards: who may steer the emulator at `/_emulator/`: no foreign page, and with `--admin-token`
only who carries it.
"""

import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulator.core.errors import Refused
from emulator.core.ids import trace_id
from emulator.web.admin.callers import CallerRequest, Callers
from emulator.web.errors import answer

PREFIX = "/_emulator/"
# The pages' own files tell nothing, and pages of streams need them under any name. The site is a
# client of the public API, for everybody who may reach that.
_OPEN = ("/_emulator/static/", "/_emulator/site/")
# Probes and the console's empty page tell nothing either.
_WITHOUT_TOKEN = ("/_emulator/health", *_OPEN)
# None of these is sent by a page of another origin without asking first.
_BODIES = ("application/json", "application/zip")
_WITHOUT_BODY = ("GET", "HEAD", "OPTIONS")


class CallerGuard:
    """Refuses (403) what a page of another origin asks of the admin API, or under another's name.

    Also (403) a body that does not say that it is JSON: a page may send any other kind of body to
    any server without asking first (Fetch, 4.8, CORS-safelisted `Content-Type`). It stands in front
    of the CORS middleware, so that what it refuses has none of CORS's headers.
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
    """Refuses (401) a request for the admin API without the token, if there is one."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._expected and _is_admin(scope) and self._is_guarded(scope["path"]):
            authorization = Headers(scope=scope).get("authorization", "").encode("latin-1")
            if not hmac.compare_digest(authorization, self._expected):
                refused = Refused("unauthorized", "The admin API needs --admin-token's token")
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
    """Why a body that is not called JSON is refused, and from where the request goes on."""
    length = headers.get("content-length")
    if method in _WITHOUT_BODY or (length is not None and not length.strip("0 ")):
        return None, receive
    if length is None:
        # HTTP/2 and chunks do not say at first whether there is a body.
        messages = [await receive()]
        while messages[-1].get("more_body") and not messages[-1].get("body"):
            messages.append(await receive())
        receive = _again(messages, receive)
        if not messages[-1].get("body"):
            return None, receive
    kind = headers.get("content-type", "")
    said = f"not as {kind[:100]!a}" if kind else "and say so"
    return f"Send the body as JSON, {said}: with the header Content-Type: application/json", receive


def _again(messages: list[Message], receive: Receive) -> Receive:
    async def receive_again() -> Message:
        return messages.pop(0) if messages else await receive()

    return receive_again


async def _refuse(refused: Refused, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer in the request's own protocol; a socket is refused before it opens."""
    trace = scope.get("state", {}).get("trace_id") or trace_id()
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get(
        "extensions", {}
    ):
        await send({"type": "websocket.close", "code": 1008, "reason": refused.message[:100]})
        return
    # Starlette words it as a refused handshake where the request is one.
    await answer(refused, trace)(scope, receive, send)
