"""The parameter sets inside an avcC or hvcC record, as length-prefixed NAL units. Pure."""


def parameter_sets(codec: str, config: bytes) -> bytes:
    """What to put before a key frame so that it can be decoded by itself.

    `codec` is FFmpeg's name; empty for codecs whose key frames carry all they need, and for
    records that are not what they say. Units are prefixed with four bytes of length.
    """
    try:
        if codec == "h264":
            return _from_avcc(config)
        if codec == "hevc":
            return _from_hvcc(config)
    except IndexError:
        pass
    return b""


def _from_avcc(config: bytes) -> bytes:
    """ISO/IEC 14496-15, 5.3.3.1: counted SPS, then counted PPS."""
    units: list[bytes] = []
    at = _take(config, 6, config[5] & 0x1F, units)
    _take(config, at + 1, config[at], units)
    return b"".join(units)


def _from_hvcc(config: bytes) -> bytes:
    """ISO/IEC 14496-15, 8.3.3.1: arrays of units, one array a kind (VPS, SPS, PPS, SEI)."""
    units: list[bytes] = []
    at = 23
    for _ in range(config[22]):
        count = int.from_bytes(config[at + 1 : at + 3])
        at = _take(config, at + 3, count, units)
    return b"".join(units)


def _take(config: bytes, at: int, count: int, units: list[bytes]) -> int:
    for _ in range(count):
        length = int.from_bytes(config[at : at + 2])
        if at + 2 + length > len(config):
            raise IndexError("a parameter set is cut off")
        units.append(length.to_bytes(4) + config[at + 2 : at + 2 + length])
        at += 2 + length
    return at
