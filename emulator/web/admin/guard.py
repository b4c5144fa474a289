"""Guard: with `--admin-token`, `/_emulator/` answers only to who carries it."""

import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator.core.errors import Refused
from emulator.web.errors import answer

# Probes, the console's empty page and the pages' own files tell nothing that needs guarding.
_OPEN = ("/_emulator/health", "/_emulator/static/")


class AdminGuard:
    """Refuses (401) a request for the admin API without the token, if there is one."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._expected and scope["type"] == "http" and self._is_guarded(scope["path"]):
            given = Headers(scope=scope).get("authorization", "").encode()
            if not hmac.compare_digest(given, self._expected):
                refused = Refused("unauthorized", "The admin API needs --admin-token's token")
                await answer(refused, scope["state"]["trace_id"])(scope, receive, send)
                return
        await self._app(scope, receive, send)

    @staticmethod
    def _is_guarded(path: str) -> bool:
        is_admin = path.startswith("/_emulator/") and path != "/_emulator/"
        return is_admin and not path.startswith(_OPEN)
