"""Replay: a logged request is sent again through the whole application, as the same user.

It is handled like any other request but without a socket, and logged like any other, with
`replay_of`.
"""

from asyncio import TaskGroup
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from msgspec import Struct
from starlette.types import ASGIApp, Message, Scope

from emulator.core.errors import Refused
from emulator.platform.request_log import (
    BODY_BYTES_MAX,
    REPLAY,
    UNLOGGED,
    LoggedRequest,
    RawHeaders,
)
from emulator.web.auth import recognised
from emulator.web.http.excerpt import STRUCK_OUT
from emulator.world.people import accounts
from emulator.world.world import DEFAULT, World

WORLD = b"x-emulator-world"
# Headers of a connection, or of a body that is framed again (RFC 9110, 7.6.1).
_NOT_SENT = frozenset(
    (
        *(b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade"),
        *(b"content-length", b"expect", WORLD, UNLOGGED.encode()),
    )
)
_KEY = b"x-api-key"
_TOKEN = b"authorization"


class Replay(Struct):
    """The replay of request `of`. `entry` is its own log entry, once it is answered."""

    of: int
    entry: LoggedRequest | None = None


async def replay(app: ASGIApp, scope: Scope, world: World, entry: LoggedRequest) -> LoggedRequest:
    """Send a request again, and return its log entry. `scope` is the caller's.

    Refuses (`conflict`) a request for which `refusal` returns a reason.
    """
    reason = refusal(entry)
    sent = entry.sent
    if reason or sent is None:
        raise Refused("conflict", reason)
    body = sent.body or b""
    headers = [header for header in entry.headers if header[0].lower() not in _NOT_SENT]
    result = Replay(entry.seq)
    replayed: Scope = {
        **{name: scope[name] for name in ("type", "asgi", "http_version", "scheme")},
        **{"server": scope.get("server"), "client": scope.get("client"), "root_path": ""},
        "method": entry.method,
        "path": unquote_to_bytes(sent.path).decode(errors="replace"),
        "raw_path": sent.path,
        "query_string": sent.query,
        "headers": [
            *with_credential(world, entry, headers),
            (WORLD, world.name.encode()),
            *([(b"content-length", str(len(body)).encode())] if body else []),
        ],
        "state": {REPLAY: result},
    }
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        """Ignore the answer: it is in the log."""

    async def answer() -> None:
        await app(replayed, receive, send)

    # The task has its own context, so that it does not share the state of the caller's request.
    async with TaskGroup() as tasks:
        tasks.create_task(answer())
    if result.entry is None:
        raise Refused(
            "conflict", f"Request {entry.seq} was sent again, but the log has no entry of it."
        )
    return result.entry


def refusal(entry: LoggedRequest) -> str:
    """Return why a request cannot be sent again; empty if it can."""
    if entry.sent is None:
        return "A chat socket is not a request that can be sent again. Connect a client to it."
    if entry.sent.body is None:
        return (
            "Its body is not in the log: it was a file, longer than "
            f"{BODY_BYTES_MAX // 1024} KiB, or incomplete. Send it again from the app."
        )
    return ""


def with_credential(
    world: World, entry: LoggedRequest, headers: Iterable[tuple[bytes, bytes]]
) -> RawHeaders:
    """Return a request's headers with a valid credential of the same user.

    That is its own credential or, if this has expired, the user's API key. An invalid or missing
    credential stays as it is.
    """
    others = list(headers)
    if entry.credential != "valid" or entry.user is None or _still_stands(world, entry):
        return others
    key = key_of(world, entry.user)
    if key is None:
        return others
    return [
        *(header for header in others if header[0].lower() not in (_KEY, _TOKEN)),
        (_TOKEN, f"Bearer {key}".encode()),
    ]


def key_of(world: World, username: str) -> str | None:
    """Return an API key of the user; None if they have none and cannot get one."""
    try:
        key = accounts.api_key(world, accounts.by_username(world, username))
    except Refused:  # Their account is deleted.
        return None
    return key if key is None or world.name == DEFAULT else f"{key}@{world.name}"


def shown_credential(world: World, entry: LoggedRequest) -> tuple[str, str] | None:
    """Return the header that makes another client the same user; None for a request without one.

    For an invalid credential, and for a user without a key, it contains `***` as the credential.
    """
    names = {name.lower() for name, _ in entry.headers}
    if not names & {_KEY, _TOKEN}:
        return None
    key = key_of(world, entry.user) if entry.credential == "valid" and entry.user else None
    value = key or STRUCK_OUT
    return ("X-API-Key", value) if _KEY in names else ("Authorization", f"Bearer {value}")


def _still_stands(world: World, entry: LoggedRequest) -> bool:
    values = {name.lower(): value.decode("latin-1") for name, value in entry.headers}
    credential = values.get(_KEY, "").strip() or values.get(_TOKEN, "").partition(" ")[2].strip()
    _, user = recognised(world, credential)
    return user is not None and user.username == entry.user
