"""RequestRecord: what one request is remembered by in the request log."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response

from emulator.core.clock import monotonic_us
from emulator.web.auth import credential, has_two_credentials, recognised
from emulator.web.http.excerpt import excerpt, excerpt_names, excerpt_path, excerpt_query
from emulator.web.http.operation import Operation
from emulator.web.http.request_log import ANSWER_BYTES_MAX, Credential, LoggedRequest
from emulator.web.platform import Platform
from emulator.web.worlds import Worlds
from emulator.world.people.accounts import User

_JSON_KEPT_MAX = 65_536


class RequestRecord:
    """Filled while the request is answered. `json` is a body as it came, `body` a form's fields.

    `repeat` is what to do when the answer is used again.
    """

    def __init__(self, request: Request) -> None:
        self.platform: Platform | None = None
        self.operation: Operation | None = None
        self.caller: User | None = None
        self.json = b""
        self.body: Any = None
        self.repeat: Callable[[], None] | None = None
        self._request = request
        self._began_us = monotonic_us()

    @property
    def is_reusable(self) -> bool:
        """Whether the operation only reads."""
        return self.operation is not None and self.operation.is_reusable

    def count(self, worlds: Worlds, response: Response) -> None:
        """Count it for the metrics, and leave it out of the log."""
        platform = self.platform or worlds.default
        duration_us = monotonic_us() - self._began_us
        platform.shared.requests.count(
            platform.world.name, self._request.method, response.status_code, duration_us
        )

    def finish(self, worlds: Worlds, response: Response) -> LoggedRequest:
        """Put it into the log."""
        request, operation = self._request, self.operation
        platform = self.platform or worlds.default
        credential = self._credential(platform)
        answer = bytes(getattr(response, "body", b""))
        body = self.body if self.body is not None else self._parsed()
        log = platform.shared.requests
        entry = LoggedRequest(
            seq=log.next_seq(),
            at_ms=platform.world.now_ms,
            world=platform.world.name,
            method=request.method,
            path=excerpt_path(request.url.path, operation.path if operation else None),
            operation=operation.path if operation else None,
            status=response.status_code,
            user=self.caller.username if self.caller else None,
            credential=credential,
            has_two_credentials=has_two_credentials(request),
            query=excerpt_query(request.query_params.items(), log.entry_bytes_max),
            body=excerpt(body, log.entry_bytes_max),
            unknown_fields=self._unknown(body) if operation else (),
            trace_id=request.state.trace_id,
            user_agent=request.headers.get("user-agent", "")[:200],
            duration_us=monotonic_us() - self._began_us,
            headers=request.headers.raw,
            answer_headers=response.raw_headers,
            answer=answer if len(answer) <= ANSWER_BYTES_MAX else b"",
            answer_bytes=len(answer),
        )
        log.note(entry)
        return entry

    def _credential(self, platform: Platform) -> Credential:
        """Where no operation was found, nobody has judged the credential yet."""
        text = credential(self._request)
        if self.caller is None and self.operation is None and text:
            is_good, self.caller = recognised(platform.world, text)
            return "valid" if is_good else "invalid"
        if self.caller is not None:
            return "valid"
        return "invalid" if text else "none"

    def _parsed(self) -> Any:
        """The body as it was sent; None for one that is too long to keep or not JSON.

        Read as the models read it: no nesting without end, no half of a character, no NaN. What
        the log shows is JSON, too.
        """
        if not self.json or len(self.json) > _JSON_KEPT_MAX:
            return None
        try:
            return from_json(self.json, allow_inf_nan=False)
        except ValueError:  # Also text that is not UTF-8. The answer has said so already.
            return None

    def _unknown(self, body: Any) -> tuple[str, ...]:
        operation = self.operation
        if operation is None:
            return ()
        names = _strangers(operation.query, list(self._request.query_params))
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
