"""VP8 over RTP (RFC 7741): removes and adds payload descriptors, and finds key frames. Pure."""

from emulator.core.errors import ProtocolError
from emulator.media.codecs.sizes import check_size
from emulator.media.webrtc.rtp.h264 import PAYLOAD_SIZE_MAX

# Descriptors without extensions (4.2): of a frame's first payload (S), and of later ones.
_FIRST, _NEXT = b"\x10", b"\x00"
# RFC 6386, 9.1.
_START_CODE = b"\x9d\x01\x2a"


def content(payload: bytes) -> bytes:
    """Return the payload without its descriptor (4.2).

    Raises `ProtocolError` if that is cut off.
    """
    try:
        first = payload[0]
        at = 1
        if first & 0x80:
            flags = payload[1]
            at = 2
            if flags & 0x80:
                at += 2 if payload[at] & 0x80 else 1
            if flags & 0x40:
                at += 1
            if flags & 0x30:
                at += 1
    except IndexError:
        raise ProtocolError("VP8 payload descriptor is cut off") from None
    if at > len(payload):
        raise ProtocolError("VP8 payload descriptor is cut off")
    return payload[at:]


def is_start(payload: bytes) -> bool:
    """Whether this is the first payload of a frame: start of partition 0 (4.2)."""
    return bool(payload) and payload[0] & 0x10 != 0 and payload[0] & 0x07 == 0


def check_key(frame: bytes) -> None:
    """Refuse (`unsupported`) a key frame that is too large to decode (RFC 6386, 9.1).

    Raises `ProtocolError` for one whose header is broken.
    """
    if len(frame) < 10 or frame[3:6] != _START_CODE:
        raise ProtocolError("VP8 key frame is broken")
    # 14 bits each; the two bits above them are the scaling for players.
    width, height = (int.from_bytes(frame[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    check_size("VP8", width, height)


def is_key(frame: bytes) -> bool:
    """Whether a frame is a key frame: the lowest bit of its tag is 0 (RFC 6386, 9.1)."""
    return bool(frame) and not frame[0] & 1


def payloads(frame: bytes) -> list[bytes]:
    """Make the RTP payloads of one frame, each with its descriptor."""
    size = PAYLOAD_SIZE_MAX - len(_FIRST)
    pieces = [frame[at : at + size] for at in range(0, len(frame), size)]
    return [(_NEXT if index else _FIRST) + piece for index, piece in enumerate(pieces)]
