"""Opus: reads an OpusHead (RFC 7845, 5.1), counts a packet's samples (RFC 6716, 3.1)."""

import struct

from emulator.core.errors import ProtocolError
from emulator.media.codecs.boxes import audio_entry, box
from emulator.media.codecs.formats import AudioFormat, Payload
from emulator.media.packets import AudioTrack

_MAGIC = b"OpusHead"
_RATE = 48_000
# Samples a frame at 48 kHz for each configuration number of the TOC byte (RFC 6716, table 2):
# SILK-only 10, 20, 40, 60 ms; hybrid 10, 20 ms; CELT-only 2.5, 5, 10, 20 ms.
_FRAME_SAMPLES = (480, 960, 1920, 2880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4
_SAMPLES_MAX = 5760  # 120 ms, RFC 6716, 3.2.5


def track(config: bytes) -> AudioTrack:
    """The track that an OpusHead describes, with or without its eight magic letters.

    Opus always decodes to 48 kHz, whatever input rate the head names. The track's `config` begins
    with the magic letters.
    """
    if not config.startswith(_MAGIC):
        config = _MAGIC + config
    if len(config) < 19 or config[8] & 0xF0 or not config[9]:
        raise ProtocolError("OpusHead is broken")
    channels, family = config[9], config[18]
    if family == 0 and channels > 2:
        raise ProtocolError("OpusHead has too many channels for its mapping")
    if family and len(config) < 21 + channels:
        raise ProtocolError("OpusHead is cut off")
    return AudioTrack("opus", bytes(config), "opus", _RATE, channels, None)


def samples(frame: Payload) -> int:
    """The number of samples that a packet decodes to, at 48 kHz; 0 for an invalid packet."""
    if not len(frame):
        return 0
    frame_samples = _FRAME_SAMPLES[frame[0] >> 3]
    code = frame[0] & 3
    count = (1, 2, 2, frame[1] & 0x3F if len(frame) > 1 else 0)[code]
    total = frame_samples * count
    return total if total <= _SAMPLES_MAX else 0


def sample_entry(track: AudioTrack) -> bytes:
    """The sample entry (Opus in ISOBMFF, 4.3.2).

    Its dOps box is the OpusHead in big endian, as version 0, without the magic letters.
    """
    head = track.config
    pre_skip, rate, gain = struct.unpack_from("<HIh", head, 10)
    fixed = struct.pack(">BBHIhB", 0, head[9], pre_skip, rate, gain, head[18])
    mapping = head[19 : 21 + head[9]] if head[18] else b""
    return audio_entry(b"Opus", track.channels, _RATE, box(b"dOps", fixed, mapping))


def silence(track: AudioTrack) -> tuple[bytes, int]:
    """20 ms in which no stream of the track codes anything (CELT, full band).

    All but the last stream's packet are self-delimiting (RFC 6716, appendix B).
    """
    streams = track.config[19] if track.config[18] else 1
    return b"\xf8\x02\xff\xfe" * (streams - 1) + b"\xf8\xff\xfe", 960


OPUS = AudioFormat("Opus", track, sample_entry, silence, samples)
