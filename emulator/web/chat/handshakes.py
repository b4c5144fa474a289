"""Handshakes: connections of chat sockets in the request log, accepted and refused ones."""

from starlette.requests import HTTPConnection

from emulator.platform.platform import Platform
from emulator.platform.request_log import Credential, LoggedRequest
from emulator.web.errors import STATUS
from emulator.web.http.excerpt import excerpt_names, excerpt_path, excerpt_query
from emulator.world.people.accounts import User

OPERATION = "/streams/{stream_id}/chat/ws"
# The status of an accepted WebSocket handshake (RFC 9110, 15.2.2).
ACCEPTED = 101
FULL = STATUS["unavailable"]
_KNOWN = ("token", "dialect")


def note(
    platform: Platform, connection: HTTPConnection, token: str, user: User | None, status: int
) -> None:
    """Log a handshake. A refused one gets the status that a request would have had."""
    log, query = platform.shared.requests, connection.query_params
    log.note(
        LoggedRequest(
            seq=log.next_seq(),
            at_ms=platform.world.now_ms,
            world=platform.world.name,
            method="GET",
            path=excerpt_path(connection.url.path, OPERATION),
            operation=OPERATION,
            status=status,
            user=user.username if user else None,
            credential=_credential(token, user),
            query=excerpt_query(query.items(), log.config.entry_bytes_max),
            body=None,
            unknown_fields=excerpt_names(name for name in query if name not in _KNOWN),
            trace_id="",
            user_agent=connection.headers.get("user-agent", "")[:200],
            duration_us=0,
        )
    )


def _credential(token: str, user: User | None) -> Credential:
    if user is not None:
        return "valid"
    return "invalid" if token else "none"
