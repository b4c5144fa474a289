"""AAC: reads an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1) and writes its esds."""

import struct

from emulator.core.errors import ProtocolError, Refused
from emulator.media.codecs.bits import Bits
from emulator.media.codecs.boxes import audio_entry, full_box
from emulator.media.codecs.formats import Adts, AudioFormat, Payload
from emulator.media.packets import AudioTrack

# Table 1.18, sampling frequency index.
_SAMPLE_RATES = (
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000,
    22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
)  # fmt: skip
# Table 1.19, channel configuration; 0 stands for a program config element.
_CHANNELS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 14: 8}
_LC, _SBR, _PS = 2, 5, 29
# id_syn_ele (table 4.85): single channel, channel pair, low frequencies, the end of a block.
_SINGLE, _PAIR, _LOW, _END = 0, 1, 3, 7
# Table 1.19: the elements of each channel configuration.
_ELEMENTS = {
    1: (_SINGLE,),
    2: (_PAIR,),
    3: (_SINGLE, _PAIR),
    4: (_SINGLE, _PAIR, _SINGLE),
    5: (_SINGLE, _PAIR, _PAIR),
    6: (_SINGLE, _PAIR, _PAIR, _LOW),
    7: (_SINGLE, _PAIR, _PAIR, _PAIR, _LOW),
    11: (_SINGLE, _PAIR, _PAIR, _SINGLE, _LOW),
    12: (_SINGLE, _PAIR, _PAIR, _PAIR, _LOW),
    14: (_SINGLE, _PAIR, _PAIR, _LOW, _PAIR),
}
_SYNC_EXTENSION = 0x2B7
_ADTS_HEADER, _ADTS_CRC = 7, 2


def track(config: bytes) -> AudioTrack:
    """The track that an AudioSpecificConfig describes.

    Refuses object types other than AAC LC and HE-AAC (SBR, PS), and channel layouts that a program
    config element defines. With SBR, the sample rate and the samples per frame are those of the
    output: twice the core's.
    """
    bits = Bits(config, "AAC AudioSpecificConfig")
    kind, rate = _object_type(bits), _sample_rate(bits)
    channels = _CHANNELS.get(bits.read(4))
    outer = kind
    core_rate = rate
    if kind in (_SBR, _PS):
        rate = _sample_rate(bits)
        kind = _object_type(bits)
    if kind != _LC:
        raise Refused(
            "unsupported",
            "AAC must be AAC LC or HE-AAC.",
            topic="aac_profile",
            is_transcodable=True,
        )
    if channels is None:
        raise Refused(
            "unsupported",
            "This AAC channel layout is not supported.",
            topic="channels",
            is_transcodable=True,
        )
    samples = 960 if bits.flag() else 1024
    if outer == _LC:
        outer, rate = _sync_extension(bits, rate)
    if outer != _LC and rate == 2 * core_rate:
        samples *= 2
    if outer == _PS and channels == 1:
        channels = 2
    return AudioTrack("aac", bytes(config), f"mp4a.40.{outer}", rate, channels, samples)


def sample_entry(track: AudioTrack) -> bytes:
    return audio_entry(b"mp4a", track.channels, track.sample_rate, _esds(track.config))


def adts(content: Payload) -> Adts | None:
    """Frames that each have an ADTS header (ISO/IEC 14496-3, 1.A.2.2); None for raw frames.

    A raw frame never looks like ADTS: it would begin with its own end (ID_END is 7). Refuses frames
    of more than one block, which cannot be separated.
    """
    config, frames, at = b"", [], 0
    while (
        len(content) - at > _ADTS_HEADER and content[at] == 0xFF and content[at + 1] & 0xF6 == 0xF0
    ):
        header = int.from_bytes(content[at : at + _ADTS_HEADER], "big")
        begin = at + _ADTS_HEADER + (0 if header >> 40 & 1 else _ADTS_CRC)
        end = at + (header >> 13 & 0x1FFF)
        if not begin < end <= len(content):
            break
        if header & 3:
            raise ProtocolError("an ADTS frame of several AAC blocks is not supported")
        kind, rate, channels = (header >> 38 & 3) + 1, header >> 34 & 15, header >> 30 & 7
        config = config or (kind << 11 | rate << 7 | channels << 3).to_bytes(2, "big")
        frames.append(content[begin:end])
        at = end
    return Adts(config, frames) if frames else None


def config(sample_rate: int, channels: int) -> bytes:
    """The AudioSpecificConfig of AAC LC, with a standard sample rate and up to six channels.

    A rate that is not standard becomes 48,000.
    """
    index = _SAMPLE_RATES.index(sample_rate) if sample_rate in _SAMPLE_RATES else 3
    return (_LC << 11 | index << 7 | min(max(channels, 1), 6) << 3).to_bytes(2)


def silence(track: AudioTrack) -> tuple[bytes, int]:
    """A raw_data_block (4.4.2.1) whose channels have no spectrum, in the order of 1.6.3.4."""
    bits = Bits(track.config, "AAC AudioSpecificConfig")
    _object_type(bits)
    _sample_rate(bits)
    block, width = 0, 0
    tags = {_SINGLE: 0, _PAIR: 0, _LOW: 0}
    for element in _ELEMENTS[bits.read(4)]:
        # global_gain 0, and an ics_info of one long window without bands; no tool is used.
        fields = [(element, 3), (tags[element], 4)]
        fields += [(1, 1), (0, 11), (0, 2)] + 2 * [(0, 11)] if element == _PAIR else [(0, 22)]
        tags[element] += 1
        for value, size in fields:
            block, width = block << size | value, width + size
    block, width = block << 3 | _END, width + 3
    padding = -width % 8
    return (block << padding).to_bytes((width + padding) // 8), track.samples_per_frame or 1024


def _object_type(bits: Bits) -> int:
    kind = bits.read(5)
    return 32 + bits.read(6) if kind == 31 else kind


def _sample_rate(bits: Bits) -> int:
    index = bits.read(4)
    if index == 15:
        rate = bits.read(24)
    elif index < len(_SAMPLE_RATES):
        rate = _SAMPLE_RATES[index]
    else:
        rate = 0
    if not 4_000 <= rate <= 192_000:
        raise ProtocolError("AAC AudioSpecificConfig has an unknown sample rate")
    return rate


def _sync_extension(bits: Bits, rate: int) -> tuple[int, int]:
    """The outer object type and output rate of SBR and PS signalled after AAC LC (1.6.6)."""
    bits.skip(15 if bits.flag() else 1)  # coreCoderDelay and its flag, extensionFlag
    if bits.left < 17 or bits.read(11) != _SYNC_EXTENSION:
        return _LC, rate
    if _object_type(bits) != _SBR or not bits.left or not bits.flag():
        return _LC, rate
    outer_rate = _sample_rate(bits)
    has_ps = bits.left >= 12 and bits.read(11) == 0x548 and bits.flag()
    return (_PS if has_ps else _SBR), outer_rate


def _esds(config: bytes) -> bytes:
    """ES_Descriptor, DecoderConfigDescriptor (MPEG-4 audio), SLConfig (14496-1, 7.2.6)."""
    specific = _descriptor(0x05, config)
    decoder = _descriptor(0x04, struct.pack(">BBHBII", 0x40, 0x15, 0, 0, 0, 0), specific)
    stream = _descriptor(0x03, struct.pack(">HB", 0, 0), decoder, _descriptor(0x06, b"\x02"))
    return full_box(b"esds", 0, 0, stream)


def _descriptor(tag: int, *parts: bytes) -> bytes:
    """A descriptor with its size in four bytes of seven bits, as most writers do."""
    content = b"".join(parts)
    size = len(content)
    lengths = (0x80 | size >> 21 & 0x7F, 0x80 | size >> 14 & 0x7F, 0x80 | size >> 7 & 0x7F)
    return bytes((tag, *lengths, size & 0x7F)) + content


AAC = AudioFormat("AAC", track, sample_entry, silence, adts=adts)
