"""Invalid input on the chat socket, and its named outcomes (contract, websocket.md)."""

import asyncio
import json
import logging

import pytest
from websockets.frames import Frame, Opcode

from tests.support.chat import ChatReader, Chatroom
from tests.support.chat_clients import SocketPeer, every_transport

DEEP = '{"type":"message","content":' + "[" * 7_000 + "]" * 7_000 + "}"


MEANINGLESS: list[tuple[str | bytes, str]] = [
    ("hello", "invalid_message"),
    ("", "invalid_message"),
    ("null", "invalid_message"),
    ("[]", "invalid_message"),
    ("42", "invalid_message"),
    ("{}", "invalid_message"),
    ('{"type": "message"', "invalid_message"),
    ('{"type": null}', "invalid_message"),
    ('{"type": "dance"}', "invalid_message"),
    ('{"type": "message", "data": []}', "invalid_message"),
    ('{"type": "message", "content": 5}', "invalid_message"),
    ('{"type": "message", "content": "\\ud800"}', "invalid_message"),
    ('{"type": "message", "content": "\\udc00\\ud800 reversed"}', "invalid_message"),
    ('{"type": "message"}', "empty_message"),
    ('{"type": "message", "content": ""}', "empty_message"),
    ('{"type": "message", "content": " \\n\\t "}', "empty_message"),
    ('{"type": "message", "content": "\\u2003"}', "empty_message"),
    (DEEP, "invalid_message"),
    (b'{"type": "ping"}', "invalid_message"),
    (b"\xff\x00", "invalid_message"),
]


async def test_chat_socket_invalid_frame_gets_an_error_and_the_socket_stays(
    room: Chatroom,
) -> None:
    reader = await room.join("ak_demo")
    for frame, code in MEANINGLESS:
        await reader.peer.send(frame)

        error = await reader.hear()
        assert (error["type"], error["data"]["code"]) == ("error", code), frame
        assert error["message"]
        await reader.say(f"still here after {code}")
        assert (await reader.hear_data("message"))["content"] == f"still here after {code}"


@every_transport
async def test_chat_socket_closes_after_twenty_errors_in_a_row(room: Chatroom) -> None:
    reader, other = await room.join("ak_demo"), await room.join("ak_demo")
    for _ in range(19):
        await reader.peer.send("nonsense")
    await reader.say("sorry, line noise")
    await reader.hear_next("message")
    for _ in range(20):
        await reader.peer.send("nonsense")

    assert await reader.code() == 1008
    assert (await other.hear_data("message"))["content"] == "sorry, line noise"


@every_transport
async def test_chat_socket_frame_over_16_kib_closes_with_1009(room: Chatroom) -> None:
    other = await room.join("ak_demo")
    for content in ("x" * 16_385, "ö" * 8_193, "\N{PARTY POPPER}" * 4_097, b"x" * 16_385):
        reader = await room.join("ak_demo")
        await reader.peer.send(content)
        assert await reader.code() == 1009
    await other.say("all is well")
    await other.hear_data("message")


@every_transport
async def test_chat_socket_frame_of_exactly_16_kib_is_read(room: Chatroom) -> None:
    reader = await room.join("ak_demo")
    frame = json.dumps({"type": "message", "content": "x"})
    await reader.peer.send(frame + " " * (16 * 1024 - len(frame)))
    assert (await reader.hear_data("message"))["content"] == "x"


@every_transport
async def test_chat_socket_any_text_comes_back_unchanged(room: Chatroom) -> None:
    reader, client = await room.join("ak_demo"), await room.join("ak_demo", "client")
    for line in (
        "\x00 nul and \x07 bell",
        "<script>alert(1)</script>",
        'quotes " and \\ backslashes \u2028\u2029',
        "\N{FAMILY}\u200d\N{PARTY POPPER} \u202eright to left\u202c",
        "e\u0301" * 200,
        "'; DROP TABLE messages; --",
    ):
        await reader.say(line)
        assert (await reader.hear_data("message"))["content"] == line
        assert (await client.hear_next("chat_message"))["content"] == line


async def test_chat_socket_thousand_wrong_tokens_affect_no_other_client(room: Chatroom) -> None:
    reader = await room.join("ak_demo")

    async def knock(number: int) -> int:
        if not isinstance(reader.peer, SocketPeer):
            return await (await room.connect(f"wrong{number}")).code()
        _, code = await (await room.stall(f"wrong{number}")).read_on()
        return code

    async def talk() -> None:
        for number in range(3):
            await reader.say(f"line {number}")
            assert (await reader.hear_data("message"))["content"] == f"line {number}"

    codes: list[int] = []
    for start in range(0, 1_000, 100):
        knocking = [knock(number) for number in range(start, start + 100)]
        numbers = await asyncio.gather(*knocking, talk())
        codes += [code for code in numbers if code is not None]

    assert codes == [1008] * 1_000
    assert room.chats.sockets == 1


async def until_alone(room: Chatroom) -> None:
    """Wait until the server has noticed that all clients but one are gone."""
    async with asyncio.timeout(20):
        while room.chats.sockets > 1:
            await turn()


async def turn() -> None:
    """Let the event loop run what is due."""
    await asyncio.sleep(0)


class _Raw:
    """Hand-made WebSocket frames of one client."""

    def __init__(self, reader: ChatReader) -> None:
        assert isinstance(reader.peer, SocketPeer)
        self._connection = reader.peer.connection

    def send(self, opcode: Opcode, data: bytes, *, fin: bool = True) -> None:
        frame = Frame(opcode, data, fin)
        self._connection.transport.write(frame.serialize(mask=True))


@pytest.fixture(params=["uvicorn", "hypercorn"])
def served_transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class TestFrames:
    """Frames that can only be sent over a real socket."""

    @pytest.fixture
    def transport(self, served_transport: str) -> str:
        return served_transport

    async def test_chat_socket_message_in_many_frames_is_one_message(self, room: Chatroom) -> None:
        reader = await room.join("ak_demo")
        raw = _Raw(reader)
        frame = json.dumps({"type": "message", "content": "in pieces ✂"}).encode()
        raw.send(Opcode.TEXT, frame[:1], fin=False)
        for index in range(1, len(frame)):
            raw.send(Opcode.CONT, frame[index : index + 1], fin=False)
            if index % 10 == 0:
                raw.send(Opcode.PING, b"between")
        raw.send(Opcode.CONT, b"")

        assert (await reader.hear_data("message"))["content"] == "in pieces ✂"

    async def test_chat_socket_compression_offer_is_declined(self, room: Chatroom) -> None:
        reader = await room.join("ak_demo")
        assert isinstance(reader.peer, SocketPeer)
        request, response = reader.peer.connection.request, reader.peer.connection.response
        assert request is not None
        assert response is not None
        assert "deflate" in request.headers["Sec-WebSocket-Extensions"]
        assert "Sec-WebSocket-Extensions" not in response.headers

    async def test_chat_socket_many_frames_are_too_big_together(self, room: Chatroom) -> None:
        reader = await room.join("ak_demo")
        raw = _Raw(reader)
        raw.send(Opcode.TEXT, b"x" * 1_000, fin=False)
        for _ in range(16):
            raw.send(Opcode.CONT, b"x" * 1_000, fin=False)
        raw.send(Opcode.CONT, b"x" * 1_000)

        assert await reader.code() == 1009

    async def test_chat_socket_huge_message_affects_no_other_client(self, room: Chatroom) -> None:
        reader, other = await room.join("ak_demo"), await room.join("ak_demo")

        _Raw(reader).send(Opcode.TEXT, b"x" * 2**22)

        # It closed before it had read everything, so the close frame may be lost with the
        # connection.
        assert await reader.code() in {1009, 1006}
        await other.say("all is well")
        await other.hear_data("message")
        await until_alone(room)

    @pytest.mark.parametrize(
        ("opcode", "data", "code"),
        [
            (Opcode.TEXT, b"\xed\xa0\x80", 1007),
            (Opcode.TEXT, b"\xff", 1007),
            (Opcode.CONT, b"of nothing", 1002),
        ],
    )
    async def test_chat_socket_protocol_error_closes_that_connection_only(
        self,
        room: Chatroom,
        transport: str,
        opcode: Opcode,
        data: bytes,
        code: int,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        reader, other = await room.join("ak_demo"), await room.join("ak_demo")

        _Raw(reader).send(opcode, data)

        # Hypercorn cuts the connection without a close frame.
        assert await reader.code() == (1006 if transport == "hypercorn" else code)
        await other.say("all is well")
        await other.hear_data("message")
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]

    async def test_chat_socket_peer_lost_in_a_flood_affects_no_other_client(
        self, room: Chatroom
    ) -> None:
        reader = await room.join("ak_demo")
        room.user("bob")
        vanishing = await room.join("ak_demo_bob")
        assert isinstance(vanishing.peer, SocketPeer)
        for number in range(150):
            await vanishing.say(f"line {number}")
            await vanishing.do("ping")

        vanishing.peer.connection.transport.abort()

        await until_alone(room)
        await reader.say("all is well")
        while (await reader.hear_data("message"))["content"] != "all is well":
            pass

    async def test_chat_socket_lost_peer_is_removed(self, room: Chatroom) -> None:
        reader, other = await room.join("ak_demo"), await room.join("ak_demo", "client")
        room.user("bob")
        vanishing = await room.join("ak_demo_bob")
        assert (await other.hear_data("viewer_join"))["username"] == "bob"
        assert isinstance(vanishing.peer, SocketPeer)

        vanishing.peer.connection.transport.abort()

        assert (await other.hear_data("viewer_leave"))["username"] == "bob"
        await reader.say("all is well")
        await reader.hear_data("message")
