"""Request records: the entries of calls in the request log."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from pydantic import BaseModel
from pydantic_core import from_json
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Scope

from emulator.core.causes import Range
from emulator.core.clock import monotonic_us
from emulator.core.errors import Refused
from emulator.platform.request_log import (
    ANSWER_BYTES_MAX,
    BODY_BYTES_MAX,
    REPLAY,
    Credential,
    LoggedRequest,
    RawHeaders,
    SentRequest,
    UnreadRequest,
    memory_bytes,
    raw_bytes,
)
from emulator.web.auth import has_two_credentials, recognised
from emulator.web.errors import Invalid
from emulator.web.http.bodies import read_json
from emulator.web.http.call import Call
from emulator.web.http.excerpt import excerpt, excerpt_names, excerpt_path, excerpt_query
from emulator.web.http.headers import header
from emulator.web.http.replay import Replay

# The time that a finished answer waits for the announced body of its request.
_REST_SECONDS = 1


async def read_rest(call: Call) -> None:
    """Read a body that was not read because a fault or a refusal answered earlier.

    Developers look for the body of a failed call, and a replay needs it.
    """
    length = header(call.request.scope, b"content-length")
    if not (length.isascii() and length.isdigit() and 0 < int(length) <= BODY_BYTES_MAX):
        return
    with suppress(Invalid, Refused, ClientDisconnect, TimeoutError):  # It is answered already.
        async with asyncio.timeout(_REST_SECONDS):
            call.json = await read_json(call.request, BODY_BYTES_MAX)


class Exchange(UnreadRequest, frozen=True, kw_only=True, gc=False):
    """A call and its answer, as the request log stores them until they are read.

    `form` is the excerpt of a form's fields. `query_names` and `body_names` are the names that the
    operation reads; None if they are unknown.
    """

    operation: str | None
    user: str | None
    credential: Credential
    headers: RawHeaders
    answer_headers: RawHeaders
    answer: bytes
    answer_bytes: int
    sent: SentRequest
    has_two_credentials: bool
    form: Any
    query_names: frozenset[str] | None
    body_names: frozenset[str] | None
    bytes_max: int
    events: Sequence[Range]
    replay_of: int | None

    @property
    def size(self) -> int:
        """The memory that it takes, in bytes."""
        size = raw_bytes(self.headers, self.answer_headers, self.answer, self.events, self.sent)
        return size if self.form is None else size + memory_bytes(self.form)

    def read(self) -> LoggedRequest:
        """Return the entry as it is shown: without secrets, and cut to its limit."""
        path = unquote(self.sent.path.decode("ascii", "replace"))
        query = dict(parse_qsl(self.sent.query.decode("latin-1"), keep_blank_values=True))
        body = excerpt(_parsed(self.sent.body), self.bytes_max) if self.form is None else self.form
        agents = (value for name, value in self.headers if name == b"user-agent")
        return LoggedRequest(
            seq=self.seq,
            at_ms=self.at_ms,
            world=self.world,
            method=self.method,
            path=excerpt_path(path, self.operation),
            operation=self.operation,
            status=self.status,
            user=self.user,
            credential=self.credential,
            has_two_credentials=self.has_two_credentials,
            query=excerpt_query(query.items(), self.bytes_max),
            body=body,
            unknown_fields=excerpt_names(
                [
                    *_unknown_names(query, self.query_names),
                    *_unknown_names(body if isinstance(body, dict) else (), self.body_names),
                ]
            ),
            trace_id=self.trace_id,
            user_agent=next(agents, b"").decode("latin-1")[:200],
            duration_us=self.duration_us,
            headers=self.headers,
            answer_headers=self.answer_headers,
            answer=self.answer,
            answer_bytes=self.answer_bytes,
            sent=self.sent,
            events=self.events,
            replay_of=self.replay_of,
        )


def record(call: Call, response: Response, events: Sequence[Range] = ()) -> None:
    """Put a call, its answer and the events that it caused into the request log."""
    scope, operation = call.request.scope, call.operation_or_none
    log = call.platform.shared.requests
    replay: Replay | None = scope["state"].get(REPLAY)
    credential = _credential(call)
    answer = bytes(getattr(response, "body", b""))
    world = call.platform.world
    exchange = Exchange(
        seq=log.next_seq(),
        at_ms=world.now_ms,
        world=world.name,
        method=scope["method"],
        operation=operation.path if operation else None,
        status=response.status_code,
        user=call.caller.username if call.caller else None,
        credential=credential,
        has_two_credentials=credential != "none" and has_two_credentials(call.request),
        trace_id=call.trace_id,
        duration_us=monotonic_us() - call.began_us,
        headers=scope["headers"],
        answer_headers=response.raw_headers,
        answer=answer if len(answer) <= ANSWER_BYTES_MAX else b"",
        answer_bytes=len(answer),
        sent=_sent(call),
        form=None if call.form is None else excerpt(call.form, log.config.entry_bytes_max),
        query_names=known_names(operation.query) if operation else None,
        body_names=known_names(operation.body) if operation and operation.body else None,
        bytes_max=log.config.entry_bytes_max,
        events=events,
        replay_of=replay.of if replay else None,
    )
    log.note(exchange)
    if replay:
        replay.entry = exchange.read()


def _sent(call: Call) -> SentRequest:
    scope, body = call.request.scope, call.json
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    if len(body) > BODY_BYTES_MAX:
        body = b""
    return SentRequest(path, scope["query_string"], body if body or not _has_body(scope) else None)


def _has_body(scope: Scope) -> bool:
    """Whether a request announces a body (RFC 9112, 6.3)."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0 "))
        for name, value in scope["headers"]
    )


def _credential(call: Call) -> Credential:
    """Return the credential's validity; without an operation it was not checked before."""
    credential = call.credential
    if call.caller is None and call.operation_or_none is None and credential:
        is_good, call.caller = recognised(call.world, credential)
        return "valid" if is_good else "invalid"
    if call.caller is not None:
        return "valid"
    return "invalid" if credential else "none"


def _parsed(json: bytes | None) -> Any:
    """Return a body as JSON; None for one that is too long to store or invalid.

    It is parsed as the models do: with limited nesting, no half surrogates, no NaN, because the log
    is shown as JSON too.
    """
    if not json:
        return None
    try:
        return from_json(json, allow_inf_nan=False)
    except ValueError:  # Also for text that is not UTF-8. The answer has reported it.
        return None


@cache
def known_names(model: type[BaseModel] | None) -> frozenset[str]:
    """Return the names that a model of a body or query reads."""
    known: set[str] = set(getattr(model, "also_read", ()))
    for name, field in (model.model_fields if model else {}).items():
        known.update((name, field.alias or name))
    return frozenset(known)


def _unknown_names(names: Iterable[str], known: frozenset[str] | None) -> list[str]:
    """Return the names that the operation does not read."""
    return [] if known is None else [name for name in names if name not in known]
