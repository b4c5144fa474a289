"""Tags: writes packets as the FLV tags that RTMP carries; the counterpart of `ingest.flv`.

H.264 and AAC are written in the form that all servers know (FLV 10.1, E.4); the others with
Enhanced RTMP's FourCC.
"""

from typing import Final

from emulator.media.ingest.tag import Tag
from emulator.media.ingest.wire import amf0
from emulator.media.ingest.wire.amf3 import Value
from emulator.media.packets import AudioTrack, Packet, Track, VideoTrack

_SEQUENCE, _CODED = 0, 1
_LEGACY_AVC, _LEGACY_AAC = 0x07, 0xAF
_KEY, _INTER = 1, 2
_ENHANCED_AUDIO, _ENHANCED_VIDEO = 0x90, 0x80
_VIDEO_FOURCC: Final = {"hevc": b"hvc1", "av1": b"av01", "vp9": b"vp09"}
# These have a composition time before each coded frame.
_HAS_CTS: Final = {"hevc"}


class TagWriter:
    """The tags of one publish. Its time begins at 0 with the first packet, a key frame.

    Audio from before that frame, which some streams send after it, is dropped: at 0 it would be too
    late, and all audio after it too.
    """

    def __init__(self) -> None:
        self._described: tuple[Track, ...] = ()
        self._base_ms: int | None = None

    def write(self, packet: Packet, tracks: tuple[Track, ...]) -> list[Tag]:
        """Return the packet's tag, and before it the headers of new or changed tracks.

        All headers come before the first frame: a server begins with the tracks that it knows.
        """
        at_ms = _ms(packet.dts, packet.track.timescale)
        if self._base_ms is None:
            self._base_ms = at_ms
        is_before = at_ms < self._base_ms and isinstance(packet.track, AudioTrack)
        at_ms = max(0, at_ms - self._base_ms)
        tags: list[Tag] = []
        if tracks is not self._described:
            known = {id(payload) for payload in self._described}
            tags.append(_metadata(tracks))
            tags += [_header(track, at_ms) for track in tracks if id(track) not in known]
            self._described = tracks
        if not is_before:
            tags.append(_coded(packet, at_ms))
        return tags


def _metadata(tracks: tuple[Track, ...]) -> Tag:
    """The metadata that some servers expect before anything else."""
    payload: dict[str, Value] = {"encoder": "live-emulator"}
    for track in tracks:
        if isinstance(track, VideoTrack):
            payload |= {"width": float(track.width), "height": float(track.height)}
            payload["videocodecid"] = _codec_number(track)
        else:
            payload |= {"audiosamplerate": float(track.sample_rate), "stereo": track.channels > 1}
            payload["audiocodecid"] = _codec_number(track)
    return Tag("script", 0, amf0.encode("onMetaData", payload))


def _codec_number(track: Track) -> float:
    """The codec's old number, or its FourCC as a number (Enhanced RTMP v2)."""
    if track.codec in ("h264", "aac"):
        return 7.0 if track.codec == "h264" else 10.0
    fourcc = b"Opus" if isinstance(track, AudioTrack) else _VIDEO_FOURCC[track.codec]
    return float(int.from_bytes(fourcc))


def _header(track: Track, at_ms: int) -> Tag:
    if isinstance(track, AudioTrack):
        return Tag("audio", at_ms, _audio(track, _SEQUENCE) + track.config)
    if track.codec == "h264":
        return Tag(
            "video", at_ms, bytes([_KEY << 4 | _LEGACY_AVC, _SEQUENCE, 0, 0, 0]) + track.config
        )
    return Tag("video", at_ms, _video(track, _SEQUENCE, is_key=True) + track.config)


def _coded(packet: Packet, at_ms: int) -> Tag:
    track, data = packet.track, bytes(packet.data)
    if isinstance(track, AudioTrack):
        return Tag("audio", at_ms, _audio(track, _CODED) + data)
    # A time and its offset would not add up if they were rounded separately.
    cts_ms = _ms(packet.pts, track.timescale) - _ms(packet.dts, track.timescale)
    cts = (cts_ms & 0xFFFFFF).to_bytes(3)
    if track.codec == "h264":
        frame = (_KEY if packet.is_key else _INTER) << 4 | _LEGACY_AVC
        return Tag("video", at_ms, bytes([frame, _CODED]) + cts + data)
    head = _video(track, _CODED, is_key=packet.is_key)
    return Tag("video", at_ms, head + (cts if track.codec in _HAS_CTS else b"") + data)


def _audio(track: AudioTrack, kind: int) -> bytes:
    if track.codec == "aac":
        return bytes([_LEGACY_AAC, kind])
    return bytes([_ENHANCED_AUDIO | kind]) + b"Opus"


def _video(track: VideoTrack, kind: int, *, is_key: bool) -> bytes:
    frame = _KEY if is_key else _INTER
    return bytes([_ENHANCED_VIDEO | frame << 4 | kind]) + _VIDEO_FOURCC[track.codec]


def _ms(ticks: int, timescale: int) -> int:
    return (ticks * 1000 + timescale // 2) // timescale
