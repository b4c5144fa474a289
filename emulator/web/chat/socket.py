"""The server side of the chat socket: who may connect, and what a client's frames do."""

import asyncio
import itertools
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Scope, Send

from emulator.chat_delivery.direct import sink_of
from emulator.chat_delivery.send_queue import AsgiSendQueue, DirectSendQueue, SendQueue
from emulator.core.errors import Refused
from emulator.platform.worlds import Worlds
from emulator.shapes.dialect import Dialect
from emulator.web.auth import authenticate, expires_at_ms
from emulator.web.chat import handshakes
from emulator.web.chat.chats import POLICY, TOO_BIG, TRY_LATER, UNKNOWN_STREAM, Chats
from emulator.web.chat.frames import (
    Ban,
    Clear,
    Command,
    Delete,
    FrameError,
    Ping,
    Say,
    Unban,
    parse,
)
from emulator.web.chat.room import DIALECTS, ChatClient
from emulator.web.errors import STATUS
from emulator.web.http.world_choice import choose
from emulator.web.playback.audience import COOKIE, country_of, device_of, referrer_of, session_of
from emulator.world.chat import bans, messages
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.people.accounts import User

# Invalid frames in a row before the socket is closed.
_ERRORS_MAX = 20
# The pause between frames of a client over its rate limit, so that others do not notice it.
_THROTTLE_SECONDS = 0.05
# RFC 6455, 5.5: a control frame holds 125 bytes, two of them the code.
_REASON_BYTES_MAX = 123
# The time to wait for the end of a closed connection.
_CLOSE_SECONDS = 10.0
# A token is checked this long after its time of expiry.
_EXPIRY_SLACK_MS = 5

_numbers = itertools.count(1)


class _Closed(Exception):
    """A refused socket: it is accepted and closed at once, so that browsers see the code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class ChatSocket:
    """An ASGI application for WebSockets at `/streams/{stream_id}/chat/ws` below one prefix."""

    def __init__(self, worlds: Worlds, dialect: Dialect) -> None:
        self._worlds = worlds
        self._dialect = dialect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        if (await receive())["type"] != "websocket.connect":
            return
        await send({"type": "websocket.accept"})
        try:
            chats, client, stream = self._admit(connection, send)
        except _Closed as closed:
            await send(
                {"type": "websocket.close", "code": closed.code, "reason": _short(closed.reason)}
            )
            return
        chats.enter(client, stream)
        listener = _Listener(chats, client, receive)
        try:
            await client.outbox.attend(listener.listen())
        finally:
            chats.leave(client)
        await listener.drain()

    def _admit(self, connection: HTTPConnection, send: Send) -> tuple[Chats, ChatClient, Stream]:
        query = connection.query_params
        token = query.get("token", "")
        dialect = next(
            (dialect for dialect in DIALECTS if dialect == query.get("dialect")), self._dialect
        )
        platform, user = self._worlds.default, None
        try:
            platform = choose(self._worlds, connection, token)
            chats = platform.service(Chats)
            user = _user(chats, token, dialect)
            stream = streams.find_for(chats.world, connection.path_params["stream_id"], user)
        except Refused as refused:
            handshakes.note(platform, connection, token, user, STATUS[refused.code])
            code = UNKNOWN_STREAM if refused.code == "not_found" else POLICY
            raise _Closed(code, refused.message) from refused
        is_full = chats.is_full
        status = handshakes.FULL if is_full else handshakes.ACCEPTED
        handshakes.note(platform, connection, token, user, status)
        if is_full:
            raise _Closed(TRY_LATER, "too many chat sockets")
        return chats, _make_client(chats, connection, stream, user, dialect, send), stream


class _Listener:
    """Reads one client's frames and carries out their commands."""

    def __init__(self, chats: Chats, client: ChatClient, receive: Receive) -> None:
        self._chats = chats
        self._client = client
        self._receive = receive
        self._errors = 0
        self._is_connected = True

    async def listen(self) -> None:
        """Read frames until the client leaves or its socket is closed."""
        client, outbox = self._client, self._client.outbox
        while True:
            message = await self._next()
            if message is None:
                return
            if client.is_dismissed:
                break
            content: str | bytes | None = message.get("text")
            if content is None:
                content = message.get("bytes") or b""
            if self._is_too_big(content):
                outbox.close(TOO_BIG, "a frame is too big")
                break
            self._take(content)
            if self._errors >= _ERRORS_MAX:
                outbox.close(POLICY, "too many frames that mean nothing")
                break
            if client.is_throttled:
                client.is_throttled = False
                await asyncio.sleep(_THROTTLE_SECONDS)
            await client.has_room.wait()
        await self._drop_all()

    async def drain(self) -> None:
        """Keep reading a closed client: with a full queue the server would not see it leave."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._drop_all()

    async def _drop_all(self) -> None:
        """Read and ignore frames until the client has received the close."""
        while self._is_connected:
            await self._next()

    async def _next(self) -> Message | None:
        """Return the client's next message, None once it has left."""
        message = await self._receive()
        self._is_connected = message["type"] == "websocket.receive"
        return message if self._is_connected else None

    def _is_too_big(self, content: str | bytes) -> bool:
        limit = self._chats.frame_bytes_max
        if len(content) > limit:
            return True
        # A character is at most four bytes of UTF-8.
        return isinstance(content, str) and len(content) > limit // 4 and _bytes(content) > limit

    def _take(self, content: str | bytes) -> None:
        try:
            if isinstance(content, bytes):
                raise FrameError("invalid_message", "A message is a text frame, not a binary one")
            command = parse(content)
        except FrameError as error:
            self._errors += 1
            self._answer(self._error(error.code, error.message))
            return
        self._errors = 0
        try:
            self._do(command)
        except Refused as refused:
            self._chats.tell(self._client, refused)

    def _do(self, command: Command) -> None:
        client = self._client
        if isinstance(command, Ping):
            self._answer(self._chats.encoder.pong(client.dialect))
            return
        if client.user is None:
            raise Refused("unauthorized", "Sign in to chat")
        if isinstance(command, Say):
            self._chats.line_queue.take(client, client.user, command.content)
            return
        world = self._chats.world
        stream = streams.find_for(world, client.stream_id, client.user)
        match command:
            case Delete(message_id):
                messages.delete(world, stream, message_id, client.user)
            case Clear():
                messages.clear(world, stream, client.user)
            case Ban(user_id, username, reason, duration_seconds):
                bans.add(
                    world,
                    stream,
                    client.user,
                    self._named(user_id, username),
                    reason=reason,
                    duration_seconds=duration_seconds,
                )
            case Unban(user_id, username):
                bans.lift(world, stream, client.user, self._named(user_id, username))

    def _named(self, user_id: str | None, username: str) -> User:
        world = self._chats.world
        if user_id is not None:
            return accounts.find(world, user_id)
        return accounts.by_username(world, username)

    def _error(self, code: str, message: str) -> bytes:
        return self._chats.encoder.error(self._client.dialect, code, message)

    def _answer(self, payload: bytes) -> None:
        self._chats.answer(self._client, payload)


def _user(chats: Chats, token: str, dialect: Dialect) -> User | None:
    """Return the user of a token. Refuses (`unauthorized`) an invalid token, and a required one."""
    if token:
        return authenticate(chats.world, token)
    allowed = chats.config.anonymous
    if allowed == "refuse" or (allowed == "dialect" and dialect != "client"):
        raise Refused("unauthorized", "Not authenticated")
    return None


def _make_client(
    chats: Chats,
    connection: HTTPConnection,
    stream: Stream,
    user: User | None,
    dialect: Dialect,
    send: Send,
) -> ChatClient:
    token = connection.query_params.get("token", "")
    has_cookie = COOKIE in connection.cookies
    session = session_of(connection) if has_cookie else f"socket {next(_numbers)}"
    if user is not None:
        viewer_id = f"user {user.id}"
        session = session if has_cookie else viewer_id
    else:
        viewer_id = session

    def dropped(reason: str) -> None:
        chats.note_dropped(client, reason)

    client = ChatClient(
        stream_id=stream.id,
        dialect=dialect,
        token=token,
        user=user,
        viewer_id=viewer_id,
        session=session,
        country=country_of(connection),
        device=device_of(connection),
        referrer=referrer_of(connection),
        is_shared=has_cookie,
        outbox=_outbox(connection.scope, send, chats, dropped),
    )
    client.has_room.set()
    _watch_expiry(chats, client)
    return client


def _outbox(scope: Scope, send: Send, chats: Chats, drop: Callable[[str], None]) -> SendQueue:
    sink = sink_of(scope)
    if sink is not None:
        return DirectSendQueue(sink, chats.config.send_queue, drop, chats.close_queue)
    return AsgiSendQueue(send, chats.config.send_queue, drop)


def _watch_expiry(chats: Chats, client: ChatClient) -> None:
    """Check the token again when it has expired."""
    at_ms = expires_at_ms(client.token)
    if at_ms is not None:
        check = partial(chats.check, client)
        client.expiry = chats.world.clock.call_at(at_ms + _EXPIRY_SLACK_MS, check)


def _short(reason: str) -> str:
    return reason.encode()[:_REASON_BYTES_MAX].decode(errors="ignore")


def _bytes(text: str) -> int:
    # A lone surrogate is invalid on a WebSocket, but a lenient server may deliver it.
    return len(text.encode(errors="surrogatepass"))
