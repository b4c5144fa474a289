"""The session: a publisher's messages, the answers to them, and protocol errors."""

from itertools import pairwise

import pytest

from emulator.core.errors import ProtocolError, Refused
from emulator.media.ingest.tag import Tag
from emulator.media.ingest.wire import amf0, rtmp_chunks
from emulator.media.ingest.wire.amf3 import Value
from emulator.media.ingest.wire.rtmp_chunks import RtmpMessage
from emulator.media.ingest.wire.rtmp_session import (
    ACKNOWLEDGEMENT,
    AGGREGATE,
    AUDIO,
    COMMAND,
    COMMAND_AMF3,
    COMMAND_BYTES_MAX,
    DATA,
    DATA_AMF3,
    PEER_BANDWIDTH,
    STREAMS_MAX,
    USER_CONTROL,
    VIDEO,
    WINDOW_SIZE,
    ConnectRequested,
    Finished,
    PublishEnded,
    PublishRequested,
    RtmpSession,
    SessionEvent,
)
from tests.support.rtmp_wire import (
    HANDSHAKE,
    answers,
    command,
    commands,
    connect,
    drive,
    new_session,
    publish,
    video,
)

WHOLE = HANDSHAKE + connect() + publish() + video(0) + video(33)
STOPPED = command("FCUnpublish", 4, None, "KEY") + command("deleteStream", 5, None, 1)


@pytest.fixture
def session() -> RtmpSession:
    return new_session()


@pytest.fixture
def publishing() -> RtmpSession:
    """A session during a publish, with nothing left to send."""
    session = new_session()
    drive(session, [HANDSHAKE + connect() + publish()])
    session.to_send()
    return session


def verdict(answered: list[Value]) -> tuple[Value, Value, Value, Value]:
    """Name, level, code and description of a status or an error."""
    details = answered[3]
    assert isinstance(details, dict)
    return answered[0], details["level"], details["code"], details["description"]


def questioned(session: RtmpSession, stream: bytes) -> list[SessionEvent]:
    """The events up to the first one that needs a decision, which is not made."""
    events = []
    for event in session.receive(stream):
        events.append(event)
        if isinstance(event, ConnectRequested | PublishRequested):
            break
    return events


# A publish from beginning to end.


def test_rtmp_session_publish_is_two_requests_and_then_tags(session: RtmpSession) -> None:
    assert drive(session, [WHOLE + STOPPED]) == [
        ConnectRequested("live", "rtmp://127.0.0.1/live", "test"),
        PublishRequested("live", "KEY", "rtmp://127.0.0.1/live", ""),
        Tag("video", 0, b"\x17\x01frame"),
        Tag("video", 33, b"\x17\x01frame"),
        PublishEnded("the publisher stopped"),
    ]


def test_rtmp_session_responses_follow_the_order_of_the_specification(session: RtmpSession) -> None:
    drive(session, [HANDSHAKE + connect() + publish()])
    answered = answers(session.to_send())
    assert [answer.type_id for answer in answered] == [
        WINDOW_SIZE,
        PEER_BANDWIDTH,
        rtmp_chunks.SET_CHUNK_SIZE,
        COMMAND,
        COMMAND,
        USER_CONTROL,
        COMMAND,
    ]
    result, created, started = (
        amf0.decode(answer.payload) for answer in answered if answer.type_id == COMMAND
    )
    assert result[:2] == ["_result", 1.0]
    assert verdict(result)[1:3] == ("status", "NetConnection.Connect.Success")
    assert created == ["_result", 2.0, None, 1.0]
    assert verdict(started)[:3] == ("onStatus", "status", "NetStream.Publish.Start")
    assert answered[5].payload.hex() == "0000" + "00000001"  # StreamBegin of stream 1.
    assert answered[6].stream_id == 1


def test_rtmp_session_message_types_are_those_of_the_standards() -> None:
    """RTMP 1.0, 5.4 and 7.1; FLV (Adobe, version 10.1), E.4.1."""
    control = (ACKNOWLEDGEMENT, USER_CONTROL, WINDOW_SIZE, PEER_BANDWIDTH)
    assert control == (3, 4, 5, 6)
    content = (AUDIO, VIDEO, DATA_AMF3, COMMAND_AMF3, DATA, COMMAND, AGGREGATE)
    assert content == (8, 9, 15, 17, 18, 20, 22)
    assert (rtmp_chunks.SET_CHUNK_SIZE, rtmp_chunks.ABORT) == (1, 2)


def test_rtmp_session_connect_result_names_the_enhanced_rtmp_codecs(session: RtmpSession) -> None:
    drive(session, [HANDSHAKE + connect(fourCcList=["hvc1"], capsEx=15)])
    [result] = commands(session.to_send())
    properties = result[2]
    assert isinstance(properties, dict)
    assert properties["fourCcList"] == ["avc1", "hvc1", "av01", "vp09", "mp4a", "Opus"]
    assert properties["videoFourCcInfoMap"] == dict.fromkeys(("avc1", "hvc1", "av01", "vp09"), 4.0)
    assert properties["audioFourCcInfoMap"] == dict.fromkeys(("mp4a", "Opus"), 4.0)
    assert properties["capsEx"] == 12.0
    # Answers that encoders expect from a Flash Media Server.
    server = {name: properties[name] for name in ("fmsVer", "capabilities", "mode")}
    assert server == {"fmsVer": "FMS/3,5,1,1", "capabilities": 31.0, "mode": 1.0}


def test_rtmp_session_long_response_has_the_announced_chunk_size() -> None:
    for app in ("live", "other"):
        session = new_session()
        for event in session.receive(HANDSHAKE + connect(app)):
            assert isinstance(event, ConnectRequested)
            if event.app == "live":
                session.accept_connect()
            else:
                session.refuse_connect("No such application. " * 40)
        assert commands(session.to_send())


def test_rtmp_session_every_chunking_gives_equal_events() -> None:
    expected = drive(new_session(), [WHOLE + STOPPED])
    stream = WHOLE + STOPPED
    assert drive(new_session(), [stream[at : at + 1] for at in range(len(stream))]) == expected


@pytest.mark.parametrize("name", ["FCUnpublish", "deleteStream", "closeStream"])
def test_rtmp_session_each_way_to_stop_ends_the_publish_once(
    publishing: RtmpSession, name: str
) -> None:
    stopped = command(name, 4, None, 1)
    assert drive(publishing, [stopped + stopped]) == [PublishEnded("the publisher stopped")]


@pytest.mark.parametrize(
    "command_of_another",
    [
        command("deleteStream", 5, None, 2),
        command("closeStream", 5, None, stream_id=2),
    ],
)
def test_rtmp_session_end_of_another_stream_leaves_the_publish_alone(
    publishing: RtmpSession, command_of_another: bytes
) -> None:
    another = command("createStream", 4, None) + command_of_another
    assert drive(publishing, [another]) == []
    assert publishing.phase == "publishing"
    # A number that was never given out means the publish.
    assert drive(publishing, [command("deleteStream", 6, None, 9)]) == [
        PublishEnded("the publisher stopped")
    ]


def test_rtmp_session_deleted_streams_do_not_count(session: RtmpSession) -> None:
    drive(session, [HANDSHAKE + connect()])
    for number in range(1, 3 * STREAMS_MAX):
        again = command("createStream", 2, None) + command(
            "publish", 3, None, "KEY", "live", stream_id=number
        )
        [event] = drive(session, [again])
        assert isinstance(event, PublishRequested)
        assert drive(session, [command("deleteStream", 5, None, number)]) == [
            PublishEnded("the publisher stopped")
        ]


def test_rtmp_session_connection_may_publish_again(publishing: RtmpSession) -> None:
    events = drive(publishing, [STOPPED + publish("NEXT") + video(0)])
    assert [type(event) for event in events] == [PublishEnded, PublishRequested, Tag]


def test_rtmp_session_media_outside_a_publish_is_no_tag(session: RtmpSession) -> None:
    events = drive(session, [HANDSHAKE + connect() + video(0) + publish() + STOPPED + video(1)])
    assert not [event for event in events if isinstance(event, Tag)]


def test_rtmp_session_flash_media_live_encoder_gets_its_onfcpublish(session: RtmpSession) -> None:
    stream = command("releaseStream", 2, None, "KEY") + command("FCPublish", 3, None, "KEY")
    drive(session, [HANDSHAKE + connect()])
    session.to_send()
    drive(session, [stream])
    names = [answered[:2] for answered in commands(session.to_send())]
    assert names == [["_result", 2.0], ["_result", 3.0], ["onFCPublish", 0.0]]


# Requests and decisions.


def test_rtmp_session_refused_connect_gets_two_messages(session: RtmpSession) -> None:
    # Given a wrong application name,
    [asked] = questioned(session, HANDSHAKE + connect("other"))
    assert asked == ConnectRequested("other", "rtmp://127.0.0.1/live", "test")

    # when it is refused,
    session.refuse_connect("No such application.")

    # then ffmpeg gets the error, OBS the status, and nothing else happens.
    error, status = commands(session.to_send())
    assert error[1] == 1.0
    assert verdict(error) == (
        "_error",
        "error",
        "NetConnection.Connect.Rejected",
        "No such application.",
    )
    assert verdict(status)[2:] == ("NetConnection.Connect.InvalidApp", "No such application.")
    assert drive(session, [publish()]) == []


def test_rtmp_session_refused_publish_gets_bad_name_and_the_reason(session: RtmpSession) -> None:
    drive(session, [HANDSHAKE + connect()])
    session.to_send()
    questioned(session, publish())
    session.refuse_publish("No stream has this key.")
    _, refused = commands(session.to_send())
    assert verdict(refused) == (
        "onStatus",
        "error",
        "NetStream.Publish.BadName",
        "No stream has this key.",
    )
    assert drive(session, [video(0) + publish()]) == []


def test_rtmp_session_ended_publish_gets_the_reason(publishing: RtmpSession) -> None:
    publishing.end_publish("The stream was ended.")
    [ended] = commands(publishing.to_send())
    assert verdict(ended)[1:] == ("error", "NetStream.Publish.Denied", "The stream was ended.")
    assert drive(publishing, [video(0)]) == []


def test_rtmp_session_commands_behind_a_request_wait_for_its_decision(session: RtmpSession) -> None:
    """An encoder that does not wait for results still gets its answers in order."""
    drive(session, [HANDSHAKE + connect() + command("createStream", 2, None)])
    assert [answered[1] for answered in commands(session.to_send())] == [1.0, 2.0]


def test_rtmp_session_request_must_be_decided_before_the_next_event(session: RtmpSession) -> None:
    with pytest.raises(RuntimeError, match="before the question was answered"):
        list(session.receive(HANDSHAKE + connect() + publish()))


def test_rtmp_session_decision_without_a_request_is_an_internal_error(session: RtmpSession) -> None:
    with pytest.raises(RuntimeError, match="without a question"):
        session.accept_publish()


@pytest.mark.parametrize(
    ("app", "name", "key"),
    [
        ("live", "KEY?user=ada", "KEY"),
        ("live/KEY", "", "KEY"),
        ("live", "", ""),
        ("live", None, ""),
    ],
)
def test_rtmp_session_key_is_read(
    session: RtmpSession, app: str, name: str | None, key: str
) -> None:
    asked = command("publish", 3, None, name, "live", stream_id=1)
    events = drive(session, [HANDSHAKE + connect(app, f"rtmp://127.0.0.1/{app}") + asked])
    [requested] = [event for event in events if isinstance(event, PublishRequested)]
    assert (requested.app, requested.key) == ("live", key)


def test_rtmp_session_publish_without_arguments_has_no_key(session: RtmpSession) -> None:
    events = drive(session, [HANDSHAKE + connect() + command("publish", 3)])
    assert events[-1] == PublishRequested("live", "", "rtmp://127.0.0.1/live", "")


def test_rtmp_session_second_publish_is_refused_and_the_first_continues(
    publishing: RtmpSession,
) -> None:
    assert drive(publishing, [publish("OTHER") + video(5)]) == [Tag("video", 5, b"\x17\x01frame")]
    assert verdict(commands(publishing.to_send())[1])[2] == "NetStream.Publish.BadName"


@pytest.mark.parametrize("name", ["play", "play2"])
def test_rtmp_session_player_is_pointed_to_hls(session: RtmpSession, name: str) -> None:
    asked = command("createStream", 2, None) + command(name, 3, None, "KEY", stream_id=1)
    events = drive(session, [HANDSHAKE + connect() + asked])
    assert isinstance(events[-1], Finished)
    status = verdict(commands(session.to_send())[-1])
    assert status[2:] == (
        "NetStream.Play.StreamNotFound",
        "Streams are not played over RTMP here: watch over HLS.",
    )


def test_rtmp_session_unknown_command_gets_an_error_if_it_waits(publishing: RtmpSession) -> None:
    drive(publishing, [command("teleport", 7, None) + command("shout", 0, None)])
    [answered] = commands(publishing.to_send())
    assert answered[1] == 7.0
    assert verdict(answered)[2] == "NetConnection.Call.Failed"


def test_rtmp_session_encoder_name_is_printable_and_short(session: RtmpSession) -> None:
    stream = HANDSHAKE + connect(flashVer="a\n\x1b[31m" + "b" * 500)
    [asked] = drive(session, [stream])
    assert isinstance(asked, ConnectRequested)
    assert asked.encoder == "a[31m" + "b" * 95


# Other messages during a publish.


def test_rtmp_session_every_kind_of_tag_is_passed_on(publishing: RtmpSession) -> None:
    metadata = amf0.encode("@setDataFrame", "onMetaData", {"width": 160})
    stream = rtmp_chunks.write(4, RtmpMessage(DATA, 1, 0, metadata))
    stream += rtmp_chunks.write(4, RtmpMessage(DATA_AMF3, 1, 0, b"\x00" + metadata))
    stream += rtmp_chunks.write(4, RtmpMessage(AUDIO, 1, 7, b"\xaf\x01sound"))
    assert drive(publishing, [stream]) == [
        Tag("script", 0, metadata),
        Tag("script", 0, metadata),
        Tag("audio", 7, b"\xaf\x01sound"),
    ]


def aggregate(*parts: tuple[int, int, bytes]) -> bytes:
    """FLV tags in a row, each followed by its length."""
    body = b""
    for type_id, timestamp_ms, payload in parts:
        stamp = (timestamp_ms & 0xFFFFFF).to_bytes(3) + bytes((timestamp_ms >> 24,))
        tag = bytes((type_id,)) + len(payload).to_bytes(3) + stamp + bytes(3) + payload
        body += tag + len(tag).to_bytes(4)
    return body


def test_rtmp_session_aggregate_is_split_into_tags_on_its_own_clock(
    publishing: RtmpSession,
) -> None:
    body = aggregate((AUDIO, 100, b"a"), (VIDEO, 0x1000000, b"v"), (99, 101, b"?"))
    stream = rtmp_chunks.write(4, RtmpMessage(AGGREGATE, 1, 1100, body))
    assert drive(publishing, [stream]) == [
        Tag("audio", 1100, b"a"),
        Tag("video", 0x1000000 + 1000, b"v"),
    ]


def test_rtmp_session_aggregate_that_ends_inside_a_tag_is_a_peer_error(
    publishing: RtmpSession,
) -> None:
    body = aggregate((AUDIO, 100, b"abcdef"))[:-6]
    with pytest.raises(ProtocolError, match="inside a tag"):
        drive(publishing, [rtmp_chunks.write(4, RtmpMessage(AGGREGATE, 1, 0, body))])


def test_rtmp_session_ping_gets_a_pong(publishing: RtmpSession) -> None:
    ping = RtmpMessage(USER_CONTROL, 0, 0, bytes.fromhex("0006 0000002a"))
    drive(publishing, [rtmp_chunks.write(2, ping)])
    [pong] = answers(publishing.to_send())
    assert pong.payload.hex() == "00070000002a"


def test_rtmp_session_input_is_acknowledged_once_a_window(publishing: RtmpSession) -> None:
    # Given a publisher that asked for an acknowledgement every 1,000 bytes,
    window = rtmp_chunks.write(2, RtmpMessage(WINDOW_SIZE, 0, 0, (1000).to_bytes(4)))
    drive(publishing, [window])
    publishing.to_send()

    # when it sends 30 messages of 119 bytes, one per read,
    message = video(0, bytes(107))
    assert len(message) == 119
    drive(publishing, [message] * 30)

    # then each full window is acknowledged, and the sequence number counts all received bytes.
    messages = answers(publishing.to_send())
    assert {answer.type_id for answer in messages} == {ACKNOWLEDGEMENT}
    numbers = [int.from_bytes(answer.payload) for answer in messages]
    assert all(1000 <= later - earlier < 1119 for earlier, later in pairwise(numbers))
    assert len(numbers) in (3, 4)


def test_rtmp_session_amf3_commands_are_read(session: RtmpSession) -> None:
    payload = b"\x00" + amf0.encode("connect", 1, {"app": "live", "objectEncoding": 3})
    [asked] = drive(
        session, [HANDSHAKE + rtmp_chunks.write(3, RtmpMessage(COMMAND_AMF3, 0, 0, payload))]
    )
    assert isinstance(asked, ConnectRequested)
    details = commands(session.to_send())[0][3]
    assert isinstance(details, dict)
    assert details["objectEncoding"] == 3.0


# Protocol errors.


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (publish(), "before connect"),
        (connect() + connect(), "second connect"),
        (rtmp_chunks.write(3, RtmpMessage(COMMAND, 0, 0, amf0.encode("connect"))), "no command"),
        (rtmp_chunks.write(3, RtmpMessage(COMMAND, 0, 0, amf0.encode(1, 1, {}))), "no command"),
        (rtmp_chunks.write(3, RtmpMessage(COMMAND, 0, 0, b"")), "no command"),
        (rtmp_chunks.write(3, RtmpMessage(COMMAND, 0, 0, b"\xff")), "AMF0 has no type"),
        (
            rtmp_chunks.write(3, RtmpMessage(COMMAND, 0, 0, bytes(COMMAND_BYTES_MAX + 1))),
            "a command of 65537 bytes",
        ),
        (rtmp_chunks.write(2, RtmpMessage(WINDOW_SIZE, 0, 0, b"\x01")), "wrong length"),
        (
            connect() + command("createStream", 2, None) * (STREAMS_MAX + 1),
            "more than 16 streams",
        ),
    ],
)
def test_rtmp_session_peer_errors_are_named(
    session: RtmpSession, stream: bytes, message: str
) -> None:
    with pytest.raises(ProtocolError, match=message):
        drive(session, [HANDSHAKE + stream])


METADATA = amf0.encode("@setDataFrame", "onMetaData", {"width": 160})


@pytest.mark.parametrize(
    ("type_id", "body"),
    [
        (DATA, amf0.encode(0, 1) + METADATA),
        (DATA_AMF3, METADATA),
        (COMMAND, METADATA),
        (COMMAND, amf0.encode(0, 1) + METADATA),
        (COMMAND_AMF3, b"\x00" + METADATA),
    ],
)
def test_rtmp_session_metadata_is_read_in_every_form(
    publishing: RtmpSession, type_id: int, body: bytes
) -> None:
    [tag] = drive(publishing, [rtmp_chunks.write(4, RtmpMessage(type_id, 1, 0, body)) + video(1)])[
        :1
    ]
    assert isinstance(tag, Tag)
    assert tag.kind == "script"
    assert "onMetaData" in amf0.decode(tag.payload)


@pytest.mark.parametrize("type_id", [0, 0x1A, 0x47, 0xFF])
def test_rtmp_session_unknown_first_message_sends_no_flv(
    publishing: RtmpSession, type_id: int
) -> None:
    odd = rtmp_chunks.write(4, RtmpMessage(type_id, 1, 0, b"\x00" * 180))
    with pytest.raises(Refused, match="not FLV") as refused:
        drive(publishing, [odd])
    assert refused.value.details["topic"] == "container"


def test_rtmp_session_unknown_messages_between_tags_are_skipped(publishing: RtmpSession) -> None:
    odd = rtmp_chunks.write(4, RtmpMessage(0x47, 1, 0, b"?"))
    assert len(drive(publishing, [video(0) + odd + video(33)])) == 2


@pytest.mark.parametrize("spoken", [HANDSHAKE, HANDSHAKE + connect()])
def test_rtmp_session_rtmp_peer_gets_the_reason_of_a_close(
    session: RtmpSession, spoken: bytes
) -> None:
    drive(session, [spoken])
    session.to_send()
    session.end_publish("no publish for 10 s")
    assert verdict(commands(session.to_send())[-1]) == (
        "onStatus",
        "error",
        "NetConnection.Connect.Closed",
        "no publish for 10 s",
    )
