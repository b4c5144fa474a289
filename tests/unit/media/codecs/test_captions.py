"""Captions: whether a coded frame carries some."""

from emulator.media.codecs.captions import has_captions

PARAMETER_SETS = b"\x00\x00\x00\x20\x67" + bytes(31) + b"\x00\x00\x00\x04\x68\xee\x3c\x80"
# A message of the type 4 (ITU-T T.35) for the United States (ANSI/SCTE 128-1, 8.1).
CAPTIONS = b"\x00\x00\x00\x0e\x06\x04\x47\xb5\x00\x31GA94\x03\xc1\xff\x80"
PICTURE = b"\x00\x00\x08\x00\x65" + b"\x88" * 2047


def test_captions_are_found_before_the_picture() -> None:
    assert has_captions(CAPTIONS + PICTURE)
    assert has_captions(memoryview(PARAMETER_SETS + CAPTIONS + PICTURE))


def test_captions_are_not_found_where_there_are_none() -> None:
    assert not has_captions(PARAMETER_SETS + PICTURE)
    assert not has_captions(b"")
