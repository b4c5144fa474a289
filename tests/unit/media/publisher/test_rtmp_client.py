"""RTMP's publishing side against the receiving side, in memory: every split, every answer."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import ProtocolError
from emulator.media.ingest.tag import Tag
from emulator.media.ingest.wire import amf0, rtmp_chunks
from emulator.media.ingest.wire.amf3 import Value
from emulator.media.ingest.wire.rtmp_chunks import RtmpMessage
from emulator.media.ingest.wire.rtmp_session import (
    COMMAND,
    ConnectRequested,
    PublishEnded,
    PublishRequested,
    RtmpSession,
    SessionEvent,
)
from emulator.media.publisher.rtmp_client import Accepted, ClientEvent, Denied, RtmpClient
from tests.support.rtmp_wire import HANDSHAKE, new_session
from tests.support.tables import table

TAGS = [
    Tag("script", 0, amf0.encode("onMetaData", amf0.EcmaArray({"width": 1280.0}))),
    Tag("video", 0, b"\x17\x00" + bytes(40)),
    Tag("audio", 0, b"\xaf\x00\x11\x90"),
    Tag("video", 21, b"\x17\x01" + bytes(range(256)) * 800),
    Tag("audio", 21, b"\xaf\x01" + bytes(300)),
    Tag("video", 2**31 + 5, b"\x27\x01" + bytes(10)),
]


class Meeting:
    """A client and a session that exchange bytes until both are silent."""

    def __init__(self, refuses: str = "", piece_bytes: int = 1 << 20) -> None:
        self.client = RtmpClient("live", "rtmp://127.0.0.1/live", "KEY")
        self.session: RtmpSession = new_session()
        self.heard: list[ClientEvent] = []
        self.arrived: list[SessionEvent] = []
        self._refuses = refuses
        self._piece_bytes = piece_bytes

    def talk(self) -> None:
        while sent := self.client.to_send():
            for piece in self._pieces(sent):
                for event in self.session.receive(piece):
                    self._judge(event)
            for piece in self._pieces(self.session.to_send()):
                self.heard += self.client.receive(piece)

    def _judge(self, event: SessionEvent) -> None:
        self.arrived.append(event)
        match event:
            case ConnectRequested() if self._refuses == "connect":
                self.session.refuse_connect("There is no such application.")
            case ConnectRequested():
                self.session.accept_connect()
            case PublishRequested() if self._refuses == "publish":
                self.session.refuse_publish("This stream key is unknown.")
            case PublishRequested():
                self.session.accept_publish()

    def _pieces(self, whole: bytes) -> Iterator[bytes]:
        return (
            whole[at : at + self._piece_bytes] for at in range(0, len(whole), self._piece_bytes)
        )


@table("piece_bytes", [1, 7, 1000, 1 << 20])
def test_rtmp_client_published_media_arrives_unchanged_in_any_cut(piece_bytes: int) -> None:
    meeting = Meeting(piece_bytes=piece_bytes)
    meeting.talk()
    assert meeting.heard == [Accepted()]
    for tag in TAGS:
        meeting.client.send(tag)
    meeting.client.close()
    meeting.talk()

    asked = [
        publish_requested
        for publish_requested in meeting.arrived
        if isinstance(publish_requested, PublishRequested)
    ]
    assert [publish_requested.key for publish_requested in asked] == ["KEY"]
    arrived = [tag for tag in meeting.arrived if isinstance(tag, Tag)]
    # Metadata is sent as a command to the server, which passes on the values after its name.
    wrapped = Tag("script", 0, amf0.encode("@setDataFrame") + TAGS[0].payload)
    assert arrived == [wrapped, *TAGS[1:]]
    assert isinstance(meeting.arrived[-1], PublishEnded)
    # The server's answer to that comes too late to matter.
    assert meeting.heard == [Accepted()]


@table(
    ("refuses", "message"),
    [
        ("connect", "There is no such application."),
        ("publish", "This stream key is unknown."),
    ],
)
def test_rtmp_client_refusal_has_the_message_of_the_server(refuses: str, message: str) -> None:
    meeting = Meeting(refuses)
    meeting.talk()

    assert isinstance(meeting.heard[0], Denied)
    assert meeting.heard[0].message == message
    assert Accepted() not in meeting.heard


def test_rtmp_client_end_by_the_server_has_its_message() -> None:
    meeting = Meeting()
    meeting.talk()
    meeting.session.end_publish("The stream has ended.")

    events = meeting.client.receive(meeting.session.to_send())

    assert events == [Denied("NetStream.Publish.Denied", "The stream has ended.")]


def to_client(*values: Value) -> bytes:
    return rtmp_chunks.write(3, RtmpMessage(COMMAND, 0, 0, amf0.encode(*values)))


def connected() -> RtmpClient:
    """A client whose connect command was accepted."""
    client = RtmpClient("live", "rtmp://127.0.0.1/live", "KEY")
    assert client.receive(HANDSHAKE) == []
    assert client.receive(to_client("_result", 1, None, {"level": "status"})) == []
    client.to_send()
    return client


def test_rtmp_client_old_servers_may_not_know_legacy_commands() -> None:
    client = connected()
    error: Value = {"level": "error", "code": "NetConnection.Call.Failed"}
    for number in (2, 3):
        assert client.receive(to_client("_error", number, None, error)) == []
    assert client.receive(to_client("_result", 4, None, 1)) == []
    started: Value = {"level": "status", "code": "NetStream.Publish.Start"}
    assert client.receive(to_client("onStatus", 0, None, started)) == [Accepted()]


@table("wordless", [{}, {"code": 7}, None, "no"])
def test_rtmp_client_refusal_without_a_message_is_one(wordless: Value) -> None:
    client = connected()
    [events] = client.receive(to_client("_error", 4, None, wordless))
    assert events == Denied("", "")


def test_rtmp_client_ping_gets_a_pong() -> None:
    client = connected()
    ping = b"\x00\x06" + (1234).to_bytes(4)
    client.receive(rtmp_chunks.write(2, RtmpMessage(4, 0, 0, ping)))
    assert client.to_send().endswith(b"\x00\x07" + (1234).to_bytes(4))


def test_rtmp_client_input_is_acknowledged_for_a_counting_server() -> None:
    client = connected()
    window = (1000).to_bytes(4)
    client.receive(rtmp_chunks.write(2, RtmpMessage(5, 0, 0, window)))
    client.to_send()
    client.receive(rtmp_chunks.write(4, RtmpMessage(18, 1, 0, bytes(900))))
    # An acknowledgement (RTMP 1.0, 5.4.3) of all since the handshake.
    assert client.to_send()[:1] == b"\x02"


@table("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x01\x00\x02"])
def test_rtmp_client_other_server_is_reported(answer: bytes) -> None:
    client = RtmpClient("live", "rtmp://127.0.0.1/live", "KEY")
    with pytest.raises(ProtocolError, match="This is not an RTMP server"):
        client.receive(answer)


@table("named", ["one", None, float("nan"), float("inf"), -1.0, 2.0**40])
def test_rtmp_client_stream_without_a_number_is_a_server_error(named: Value) -> None:
    with pytest.raises(ProtocolError, match="createStream"):
        connected().receive(to_client("_result", 4, None, named))


@given(st.lists(st.binary(max_size=400), max_size=4))
def test_rtmp_client_any_bytes_are_responses_or_a_server_error(pieces: list[bytes]) -> None:
    client = connected()
    with suppress(ProtocolError):
        for piece in pieces:
            client.receive(piece)


VALUES: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=10),
    lambda inner: st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["_result", "_error", "onStatus", "onBWDone", ""])


@given(st.lists(st.tuples(NAMES, st.integers(0, 6), st.lists(VALUES, max_size=4)), max_size=5))
def test_rtmp_client_any_command_is_a_response_or_a_server_error(
    commands: list[tuple[str, int, list[Value]]],
) -> None:
    client = connected()
    with suppress(ProtocolError):
        for name, number, values in commands:
            client.receive(to_client(name, number, *values))


@given(st.integers(0, 19), st.binary(max_size=20))
def test_rtmp_client_any_message_is_a_response_or_a_server_error(
    type_id: int, payload: bytes
) -> None:
    with suppress(ProtocolError):
        connected().receive(rtmp_chunks.write(3, RtmpMessage(type_id, 1, 0, payload)))
