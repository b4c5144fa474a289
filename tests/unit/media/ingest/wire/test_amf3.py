"""AMF3: the examples of its specification, and arbitrary input."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import ProtocolError
from emulator.media.ingest.wire.amf3 import Cursor, Date, Reader, Value
from tests.support.tables import table

ENCODED: list[tuple[str, Value]] = [
    ("00", None),
    ("01", None),
    ("02", False),
    ("03", True),
    ("04 05", 5.0),
    ("04 7f", 127.0),
    ("04 8100", 128.0),
    ("04 bfffffff", 268_435_455.0),
    ("04 ffffffff", -1.0),
    ("04 c0808000", -268_435_456.0),
    ("05 3ff8000000000000", 1.5),
    ("06 09 6c697665", "live"),
    ("06 01", ""),
    ("07 09 3c612f3e", "<a/>"),
    ("0b 09 3c612f3e", "<a/>"),
    ("08 01 4276bb3c20000000", Date(1562088964096.0)),
    ("0c 05 0102", b"\x01\x02"),
    ("09 05 01 0401 0402", [1.0, 2.0]),
    # A mixed array: one named member, then one by number.
    ("09 03 03 61 03 01 02", {"a": True, "0": False}),
    # A dynamic anonymous object.
    ("0a 0b 01 07 617070 06 09 6c697665 01", {"app": "live"}),
    # Two sealed objects that share their traits; the second name is a reference.
    ("09 05 01 0a 13 03 50 03 78 04 01 0a 01 04 02", [{"x": 1.0}, {"x": 2.0}]),
    # A string, then a reference to it.
    ("09 05 01 06 05 6869 06 00", ["hi", "hi"]),
    # An object, then a reference to it (the array itself is number 0).
    ("09 05 01 0a 0b 01 01 0a 02", [{}, {}]),
]
NO_AMF = [
    "",
    "0d 01",
    "10 01",
    "11 01",
    "ff",
    "0a 07 01",
    "06 02",
    "0a 02",
    "0a 05",
    "05 3f",
    "04 ff",
]


def decoded(octets: bytes) -> Value:
    return Reader(Cursor(octets)).value()


@table(("octets", "value"), ENCODED)
def test_amf3_value_is_read_as_specified(octets: str, value: Value) -> None:
    cursor = Cursor(bytes.fromhex(octets))
    assert Reader(cursor).value() == value
    assert cursor.at_end


@table("octets", NO_AMF)
def test_amf3_value_outside_commands_is_a_peer_error(octets: str) -> None:
    with pytest.raises(ProtocolError):
        decoded(bytes.fromhex(octets))


@given(st.binary(max_size=200))
def test_amf3_any_bytes_decode_or_are_a_peer_error(octets: bytes) -> None:
    with suppress(ProtocolError):
        decoded(octets)


@given(st.sampled_from([octets for octets, _ in ENCODED]), st.data())
def test_amf3_damaged_value_decodes_or_is_a_peer_error(octets: str, data: st.DataObject) -> None:
    damaged = bytearray(bytes.fromhex(octets))
    damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ProtocolError):
        decoded(bytes(damaged))
