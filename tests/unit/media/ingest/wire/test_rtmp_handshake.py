"""The handshake, plain and with digests, in pieces of every length."""

import hmac
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import ProtocolError
from emulator.media.ingest.wire.rtmp_handshake import BLOCK, Handshake
from tests.support.tables import table

PLAIN_C1 = bytes.fromhex("0000002a 00000000") + bytes(index % 251 for index in range(BLOCK - 8))
PLAYER_KEY = b"Genuine Adobe Flash Player 001"
SERVER_KEY = b"Genuine Adobe Flash Media Server 001"
COMMON_KEY = bytes.fromhex("f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae")


def digest_place(block: bytes | bytearray, offset_place: int) -> int:
    return sum(block[offset_place : offset_place + 4]) % 728 + offset_place + 4


def signed_c1(offset_place: int) -> tuple[bytes, bytes]:
    """A C1 as Flash 9 sends it, and the digest in it."""
    c1 = bytearray(PLAIN_C1)
    c1[4:8] = bytes((9, 0, 124, 2))
    place = digest_place(c1, offset_place)
    digest = hmac.digest(PLAYER_KEY, bytes(c1[:place] + c1[place + 32 :]), "sha256")
    c1[place : place + 32] = digest
    return bytes(c1), digest


def test_rtmp_handshake_plain_client_gets_its_own_block_back() -> None:
    answer = Handshake().receive(b"\x03" + PLAIN_C1)
    assert len(answer) == 1 + 2 * BLOCK
    assert answer[0] == 3
    assert answer[5:9] == bytes(4)  # Zero in S1 means plain.
    assert answer[1 + BLOCK :] == PLAIN_C1


@table("offset_place", [8, 772], ids=["digest first", "digest behind the key"])
def test_rtmp_handshake_flash_client_gets_digests_that_it_can_check(offset_place: int) -> None:
    # Given a client block with a digest, in either of its places,
    c1, client_digest = signed_c1(offset_place)

    # when the server answers,
    answer = Handshake().receive(b"\x03" + c1)

    # then S1 is signed with the server's half of the constant, and S2 with the client's digest.
    s1, s2 = answer[1 : 1 + BLOCK], answer[1 + BLOCK :]
    place = digest_place(s1, 8)
    digest = hmac.digest(SERVER_KEY, s1[:place] + s1[place + 32 :], "sha256")
    assert s1[4] >= 3
    assert s1[place : place + 32] == digest
    key = hmac.digest(SERVER_KEY + COMMON_KEY, client_digest, "sha256")
    assert s2[-32:] == hmac.digest(key, s2[:-32], "sha256")


def test_rtmp_handshake_version_without_a_digest_is_a_plain_client() -> None:
    c1 = PLAIN_C1[:4] + bytes((9, 0, 124, 2)) + PLAIN_C1[8:]
    assert Handshake().receive(b"\x03" + c1)[1 + BLOCK :] == c1


def test_rtmp_handshake_is_done_with_the_second_block_and_leaves_the_rest() -> None:
    handshake = Handshake()
    pieces = [b"\x03" + PLAIN_C1, bytes(BLOCK - 1), b"\x00chunks"]
    assert [(len(handshake.receive(piece)), handshake.done) for piece in pieces] == [
        (1 + 2 * BLOCK, False),
        (0, False),
        (0, True),
    ]
    assert handshake.rest == b"chunks"


@given(st.lists(st.integers(1, 2000), max_size=12), st.sampled_from([PLAIN_C1, signed_c1(8)[0]]))
def test_rtmp_handshake_every_chunking_gives_one_result(sizes: list[int], c1: bytes) -> None:
    stream = b"\x03" + c1 + bytes(BLOCK) + b"chunks"
    whole = Handshake()
    expected = whole.receive(stream)

    pieces = Handshake()
    answered, start = b"", 0
    for size in [*sizes, len(stream)]:
        if not pieces.done:
            answered += pieces.receive(stream[start : start + size])
            start += size
    assert answered == expected
    assert pieces.done
    assert pieces.rest + stream[start:] == b"chunks"


def test_rtmp_handshake_one_byte_pieces_are_fine() -> None:
    handshake = Handshake()
    stream = b"\x03" + PLAIN_C1 + bytes(BLOCK)
    answers = [handshake.receive(stream[at : at + 1]) for at in range(len(stream))]
    assert [at for at, answer in enumerate(answers) if answer] == [BLOCK]
    assert handshake.done


@table(
    ("first", "message"),
    [
        (b"\x16\x03\x01", "TLS on the plain RTMP port"),
        (b"GET / HTTP/1.1", "HTTP"),
        (b"G", "HTTP"),
        (b"POST /fcs/ident2 HTTP/1.1", "HTTP"),
        (b"OPTIONS rtsp://127.0.0.1:1935/live RTSP/1.0", "RTSP"),
        (b"ANNOUNCE rtsp://127.0.0.1:1935/live RTSP/1.0", "RTSP"),
        (b"\x47\x40\x11\x10\x00", "MPEG-TS"),
        (b"FLV\x01\x05\x00", "FLV on a bare connection"),
        (b"\x1a\x45\xdf\xa3\x01", "Matroska"),
        (b"\x00\x00\x00\x1cftypisom", "MP4"),
        (b"\x06", "RTMPE"),
        (b"\x00", "first byte is 0x00"),
        (b"\xff", "first byte is 0xff"),
    ],
)
def test_rtmp_handshake_other_protocol_is_named(first: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        Handshake().receive(first)


def test_rtmp_handshake_http_client_gets_a_message_and_others_nothing() -> None:
    for first, begin in ((b"GET / HTTP/1.1", b"HTTP/1.1 400"), (b"\x47\x40\x11", b"")):
        handshake = Handshake()
        with suppress(ProtocolError):
            handshake.receive(first)
        assert handshake.last_reply[:12] == begin


@given(st.lists(st.binary(max_size=4000), max_size=4))
def test_rtmp_handshake_any_bytes_are_a_handshake_or_a_peer_error(pieces: list[bytes]) -> None:
    handshake = Handshake()
    with suppress(ProtocolError):
        for piece in pieces:
            if not handshake.done:
                handshake.receive(b"\x03" + piece if piece is pieces[0] else piece)
