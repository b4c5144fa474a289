"""AMF0: the examples of its specification, and arbitrary input."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import ProtocolError
from emulator.media.ingest.wire import amf0
from emulator.media.ingest.wire.amf0 import EcmaArray
from emulator.media.ingest.wire.amf3 import DEPTH_MAX, Date, Value
from tests.support.tables import table

ENCODED: list[tuple[str, Value]] = [
    ("00 3ff0000000000000", 1.0),
    ("01 01", True),
    ("01 00", False),
    ("02 0004 6c697665", "live"),
    ("02 0000", ""),
    ("05", None),
    ("03 0003 617070 02 0004 6c697665 000009", {"app": "live"}),
    ("08 00000001 0005 7769647468 00 4064000000000000 000009", EcmaArray(width=160.0)),
    ("0a 00000002 02 0004 61763031 02 0004 68766331", ["av01", "hvc1"]),
    ("0b 4276bb3c20000000 0000", Date(1562088964096.0)),
]
READ_ONLY: list[tuple[str, Value]] = [
    ("06", None),
    ("0d", None),
    ("0c 00000002 6869", "hi"),
    ("0f 00000004 3c612f3e", "<a/>"),
    ("01 7f", True),
    ("10 0005 506f696e74 0001 78 00 3ff0000000000000 000009", {"x": 1.0}),
    # A wrong count, as encoders write it: the end marker counts.
    ("08 00000000 0001 78 05 000009", {"x": None}),
    ("08 ffffffff 0001 78 05 000009", {"x": None}),
    # The object, then a reference to it.
    ("0a 00000002 03 0001 78 05 000009 07 0001", [{"x": None}, {"x": None}]),
    # AMF3 after the avmplus marker, then AMF0 again.
    ("0a 00000002 11 04 05 01 01", [5.0, True]),
]
NO_AMF: list[str] = [
    "04",  # Movie clip, reserved.
    "0e",  # Record set, reserved.
    "ff",
    "00 3ff0",
    "02 0004 6c69",
    "0a 00000003 05",
    "03 0001 78 05",
    "03 0001 78 05 0000",
    "07 0000",
    "0c ffffffff 61",
    "11",
    "11 0a",
]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(texts, inner, max_size=4)
        | st.dictionaries(texts, inner, max_size=4).map(EcmaArray)
    ),
    max_leaves=20,
)


@table(("octets", "value"), ENCODED)
def test_amf0_value_is_written_as_specified(octets: str, value: Value) -> None:
    assert amf0.encode(value).hex() == octets.replace(" ", "")


@table(("octets", "value"), ENCODED + READ_ONLY)
def test_amf0_value_is_read_as_specified(octets: str, value: Value) -> None:
    assert amf0.decode(bytes.fromhex(octets)) == [value]


@table("octets", NO_AMF)
def test_amf0_invalid_bytes_are_a_peer_error(octets: str) -> None:
    with pytest.raises(ProtocolError):
        amf0.decode(bytes.fromhex(octets))


def test_amf0_ecma_array_stays_one() -> None:
    [metadata] = amf0.decode(amf0.encode(EcmaArray(width=160.0)))
    assert isinstance(metadata, EcmaArray)


def test_amf0_text_over_65535_bytes_is_a_long_string() -> None:
    text = "ü" * 40_000
    encoded = amf0.encode(text)
    assert encoded[0] == 0x0C
    assert amf0.decode(encoded) == [text]


def test_amf0_name_over_65535_bytes_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="65536 bytes"):
        amf0.encode({"x" * 65_536: None})


def test_amf0_bytes_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="no type for bytes"):
        amf0.encode(b"raw")


def test_amf0_invalid_utf8_keeps_the_rest_of_the_message() -> None:
    assert amf0.decode(bytes.fromhex("02 0003 61fc62 05")) == ["a\ufffdb", None]


def test_amf0_nan_is_a_number() -> None:
    [value] = amf0.decode(amf0.encode(math.nan))
    assert isinstance(value, float)
    assert math.isnan(value)


@table(("opening", "nested"), [("", "0a 00000001"), ("", "03 0001 78"), ("11", "09 03 01")])
def test_amf0_deep_nesting_is_refused_early(opening: str, nested: str) -> None:
    with pytest.raises(ProtocolError, match="nested too deeply"):
        amf0.decode(bytes.fromhex(opening + nested * DEPTH_MAX * 1000))


@given(st.lists(values, max_size=4))
def test_amf0_written_value_is_read_back(message: list[Value]) -> None:
    assert amf0.decode(amf0.encode(*message)) == message


@given(st.binary(max_size=200))
def test_amf0_any_bytes_decode_or_are_a_peer_error(octets: bytes) -> None:
    with suppress(ProtocolError):
        amf0.decode(octets)


@given(st.lists(values, min_size=1, max_size=3), st.data())
def test_amf0_damaged_message_decodes_or_is_a_peer_error(
    message: list[Value], data: st.DataObject
) -> None:
    octets = bytearray(amf0.encode(*message))
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] = data.draw(st.integers(0, 255))
    with suppress(ProtocolError):
        amf0.decode(bytes(octets[: data.draw(st.integers(0, len(octets)))]))
