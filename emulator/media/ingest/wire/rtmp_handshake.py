"""RTMP handshake, server side (RTMP 1.0, 5.2). Feed it received bytes, send what it returns.

Nothing here is secret: the digest that Flash-era encoders check proves only that both ends know a
published constant. So the server's "random" bytes are always the same, and sessions replay exactly.
"""

import hashlib
import hmac
from typing import Final

from emulator.core.errors import ProtocolError

VERSION: Final = 3
BLOCK: Final = 1536
"""The length of C1, S1, C2 and S2 in bytes."""

_DIGEST: Final = 32
# The constants of the digest handshake, the same in every published implementation.
_CLIENT_KEY: Final = b"Genuine Adobe Flash Player 001"
_SERVER_KEY: Final = b"Genuine Adobe Flash Media Server 001"
_COMMON_KEY: Final = bytes.fromhex(
    "f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae"
)
_SERVER_VERSION: Final = bytes((3, 5, 1, 1))
# Four bytes give the digest's offset: they are before the key block, or behind it.
_DIGEST_SCHEMES: Final = (8, 772)

_VERBS: Final = (
    *(b"GET ", b"POST ", b"PUT ", b"HEAD ", b"OPTIONS ", b"DELETE ", b"CONNECT ", b"PATCH "),
    b"PRI * HTTP/2.0",
)
_HTTP: Final = "this looks like HTTP, and the port speaks RTMP: rtmp://HOST:PORT/live and the key"
_FORMATS: Final = (
    (0, b"FLV\x01", "FLV"),
    (0, b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
    (4, b"ftyp", "MP4"),
    (0, b"\x47", "MPEG-TS"),
)
_RTSP: Final = "this is RTSP, and the port speaks RTMP: push to rtmp://HOST:PORT/live/KEY"

_FILLER: Final = b"".join(
    hashlib.sha256(f"live-emulator {index}".encode()).digest() for index in range(BLOCK // 32)
)


class Handshake:
    """One connection's handshake. It is `done` once C2 has come; later bytes are in `rest`.

    `last_reply` is a reply for a peer that speaks another protocol; it may be empty.
    """

    def __init__(self) -> None:
        self.done = False
        self.rest = b""
        self.last_reply = b""
        self._arrived = bytearray()
        self._has_answered = False

    def receive(self, received: bytes) -> bytes:
        """Take received bytes; return S0, S1 and S2 once C1 is complete, else nothing.

        Refuses (`ProtocolError`) a first byte that is not RTMP's, and names the protocol that it
        looks like. C2 is not compared with S1: some encoders send anything.
        """
        self._arrived += received
        if self._arrived and self._arrived[0] != VERSION:
            self.last_reply = _last_reply(bytes(self._arrived))
            raise ProtocolError(_stranger(bytes(self._arrived)))
        answer = b""
        if not self._has_answered and len(self._arrived) >= 1 + BLOCK:
            self._has_answered = True
            answer = _answer(bytes(self._arrived[1 : 1 + BLOCK]))
        if len(self._arrived) >= 1 + 2 * BLOCK:
            self.done = True
            self.rest = bytes(self._arrived[1 + 2 * BLOCK :])
            self._arrived.clear()
        return answer


def _stranger(arrived: bytes) -> str:
    """Name the protocol of a peer without a C0 (RTMP 1.0, 5.2.2). RTMP has no other version."""
    if arrived[0] == 0x16:
        return "this is TLS on the plain RTMP port: use rtmp://, or the RTMPS port"
    if _is_http(arrived):
        return _HTTP
    if _is_rtsp(arrived):
        return _RTSP
    if arrived[0] in (6, 8, 9):
        return "RTMPE is not supported: use rtmp:// or rtmps://"
    for offset, magic, name in _FORMATS:
        if arrived.startswith(magic, offset):
            return (
                f"this is {name} on a bare connection, and the port speaks RTMP: push FLV to "
                "rtmp://HOST:PORT/live/KEY (ffmpeg: -f flv rtmp://...)"
            )
    return f"not RTMP: the first byte is 0x{arrived[0]:02x}"


def _is_rtsp(arrived: bytes) -> bool:
    return b"rtsp://" in arrived[:64].lower()


def _is_http(arrived: bytes) -> bool:
    return not _is_rtsp(arrived) and any(
        arrived.startswith(verb[: len(arrived)]) or verb.startswith(arrived) for verb in _VERBS
    )


def _last_reply(arrived: bytes) -> bytes:
    """The HTTP response for a browser, or for RTMPT's client, with the reason."""
    if not _is_http(arrived):
        return b""
    body = _HTTP.encode() + b".\n"
    return (
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )


def _answer(c1: bytes) -> bytes:
    """Make S0, S1 and S2. A client whose bytes 4 to 8 are zero does the plain handshake."""
    client_digest = None
    if c1[4:8] != bytes(4):
        client_digest = next(filter(None, (_digest_in(c1, base) for base in _DIGEST_SCHEMES)), None)
    s0 = bytes((VERSION,))
    if client_digest is None:
        # S1: time 0, zero, filler. S2: C1 as it came, its time field included.
        return s0 + bytes(8) + _FILLER[8:] + c1
    return s0 + _signed_s1() + _signed_s2(client_digest)


def _offset(block: bytes, base: int) -> int:
    """The digest's offset in a C1 or S1 whose four offset bytes are at `base`."""
    return base + 4 + sum(block[base : base + 4]) % 728


def _digest_of(block: bytes, offset: int, key: bytes) -> bytes:
    signed = block[:offset] + block[offset + _DIGEST :]
    return hmac.digest(key, signed, "sha256")


def _digest_in(c1: bytes, base: int) -> bytes | None:
    offset = _offset(c1, base)
    data = c1[offset : offset + _DIGEST]
    return data if hmac.compare_digest(data, _digest_of(c1, offset, _CLIENT_KEY)) else None


def _signed_s1() -> bytes:
    s1 = bytes(4) + _SERVER_VERSION + _FILLER[8:]
    # Clients look in both places, so the first one works for all.
    offset = _offset(s1, _DIGEST_SCHEMES[0])
    digest = _digest_of(s1, offset, _SERVER_KEY)
    return s1[:offset] + digest + s1[offset + _DIGEST :]


def _signed_s2(client_digest: bytes) -> bytes:
    """Make S2, which ends with its own digest, under a key made from the client's digest."""
    body = _FILLER[: BLOCK - _DIGEST]
    key = hmac.digest(_SERVER_KEY + _COMMON_KEY, client_digest, "sha256")
    return body + hmac.digest(key, body, "sha256")
