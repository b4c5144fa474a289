"""FlvTap: reads tags from FFmpeg's FLV muxer, which writes without seeking back.

RTMP carries the same tags as FLV files (Adobe FLV 10.1, annex E.4), so the muxer decides how each
codec is packed.
"""

from typing import TYPE_CHECKING, Final

from emulator.media.ingest.tag import Tag, TagKind

if TYPE_CHECKING:
    from av.container import OutputContainer

_HEADER_BYTES: Final = 11
# The FLV file header, and the size of the tag before the first, which is 0 (E.2, E.3).
_FILE_HEADER_BYTES: Final = 9 + 4
_TRAILING_SIZE_BYTES: Final = 4
_KINDS: Final[dict[int, TagKind]] = {8: "audio", 9: "video", 18: "script"}


class FlvTap:
    """A file that FFmpeg writes to. `take()` returns the tags that are complete."""

    name = "publisher.flv"

    def __init__(self) -> None:
        self._written = bytearray()
        self._skip_bytes = _FILE_HEADER_BYTES

    def write(self, octets: bytes) -> int:
        """Take bytes from FFmpeg, which may split tags anywhere."""
        self._written += octets
        return len(octets)

    def take(self) -> list[Tag]:
        """Return every complete tag since the last call, in order."""
        tags: list[Tag] = []
        pos = self._skip_bytes
        written = self._written
        while len(written) >= pos + _HEADER_BYTES:
            end = pos + _HEADER_BYTES + int.from_bytes(written[pos + 1 : pos + 4])
            if len(written) < end + _TRAILING_SIZE_BYTES:
                break
            # The timestamp's highest byte follows its lower three (E.4.1).
            timestamp_ms = written[pos + 7] << 24 | int.from_bytes(written[pos + 4 : pos + 7])
            kind = _KINDS[written[pos]]
            tags.append(Tag(kind, timestamp_ms, bytes(written[pos + _HEADER_BYTES : end])))
            pos = end + _TRAILING_SIZE_BYTES
        dropped = min(pos, len(written))
        del written[:dropped]
        self._skip_bytes = pos - dropped
        return tags


def open_muxer(tap: FlvTap) -> "OutputContainer":
    """Open an FLV muxer that writes each packet through to `tap` at once."""
    import av

    return av.open(
        tap,
        "w",
        format="flv",
        # Sizes and durations in the header would need a seek back at the end.
        container_options={
            "flvflags": "no_duration_filesize",
            "flush_packets": "1",
            # A stream that stopped delays the other one by at most this.
            "max_interleave_delta": "500000",
        },
    )
