"""AMF0 (Action Message Format 0, Adobe 2007): the values in RTMP's commands and metadata.

`decode` reads every type, also AMF3 values behind the avmplus marker; `encode` writes the types
that a server or a client sends. Types of values: see `emulator.media.ingest.wire.amf3.Value`.
"""

import struct
from typing import Final

from emulator.core.errors import ProtocolError
from emulator.media.ingest.wire import amf3
from emulator.media.ingest.wire.amf3 import DEPTH_MAX, Cursor, Date, Value


class _Marker:
    """The byte before a value (AMF0, 2.1)."""

    NUMBER: Final = 0x00
    BOOLEAN: Final = 0x01
    STRING: Final = 0x02
    OBJECT: Final = 0x03
    NULL: Final = 0x05
    UNDEFINED: Final = 0x06
    REFERENCE: Final = 0x07
    ECMA_ARRAY: Final = 0x08
    OBJECT_END: Final = 0x09
    STRICT_ARRAY: Final = 0x0A
    DATE: Final = 0x0B
    LONG_STRING: Final = 0x0C
    UNSUPPORTED: Final = 0x0D
    XML: Final = 0x0F
    TYPED_OBJECT: Final = 0x10
    AVMPLUS: Final = 0x11


class EcmaArray(dict[str, Value]):
    """A dict that is encoded as an ECMA array, as in `onMetaData`."""


def decode(body: bytes) -> list[Value]:
    """Decode all values of a message body, in order.

    Raises `ProtocolError` for a malformed body.
    """
    cursor = Cursor(body)
    reader = _Reader(cursor)
    values: list[Value] = []
    while not cursor.at_end:
        values.append(reader.value())
    return values


def encode(*values: Value) -> bytes:
    """Encode `values` one after the other.

    Refuses (`ValueError`) bytes, and member names of over 65,535 bytes.
    """
    out = bytearray()
    for value in values:
        _write(out, value)
    return bytes(out)


class _Reader:
    def __init__(self, cursor: Cursor) -> None:
        self._in = cursor
        self._complex: list[Value] = []

    def value(self, depth: int = 0) -> Value:
        if depth > DEPTH_MAX:
            raise ProtocolError("AMF values are nested too deeply")
        marker = self._in.octet()
        match marker:
            case _Marker.NUMBER:
                return self._in.double()
            case _Marker.BOOLEAN:
                return self._in.octet() != 0
            case _Marker.STRING:
                return self._in.text(self._u16())
            case _Marker.NULL | _Marker.UNDEFINED | _Marker.UNSUPPORTED:
                return None
            case _Marker.LONG_STRING | _Marker.XML:
                return self._in.text(self._u32())
        return self._rarer(marker, depth)

    def _rarer(self, marker: int, depth: int) -> Value:
        match marker:
            case _Marker.OBJECT:
                return self._members({}, depth)
            case _Marker.ECMA_ARRAY:
                self._u32()  # Encoders get this count wrong: the end marker counts.
                return self._members(EcmaArray(), depth)
            case _Marker.TYPED_OBJECT:
                self._in.text(self._u16())
                return self._members({}, depth)
            case _Marker.STRICT_ARRAY:
                return self._strict_array(depth)
            case _Marker.DATE:
                unix_ms = self._in.double()
                self._u16()  # A time zone that "should not be filled, nor used" (AMF0, 2.13).
                return Date(unix_ms)
            case _Marker.AVMPLUS:
                # Reference tables start empty at each switch (AMF0, 3.1).
                return amf3.Reader(self._in).value(depth + 1)
            case _Marker.REFERENCE:
                return self._referred()
        raise ProtocolError(f"AMF0 has no type 0x{marker:02x}")

    def _members(self, values: dict[str, Value], depth: int) -> Value:
        slot = len(self._complex)
        self._complex.append(None)  # Cycles are not supported: no command needs one.
        while True:
            name = self._in.text(self._u16())
            if (
                not name
                and not self._in.at_end
                and self._in.body[self._in.pos] == _Marker.OBJECT_END
            ):
                self._in.pos += 1
                break
            values[name] = self.value(depth + 1)
        self._complex[slot] = values
        return values

    def _strict_array(self, depth: int) -> Value:
        slot = len(self._complex)
        self._complex.append(None)
        items: list[Value] = []
        for _ in range(self._u32()):  # Each takes at least a byte: the body bounds it.
            items.append(self.value(depth + 1))
        self._complex[slot] = items
        return items

    def _referred(self) -> Value:
        index = self._u16()
        if index >= len(self._complex):
            raise ProtocolError("an AMF reference has no target")
        return self._complex[index]

    def _u16(self) -> int:
        return int.from_bytes(self._in.take(2))

    def _u32(self) -> int:
        return int.from_bytes(self._in.take(4))


def _write(out: bytearray, value: Value) -> None:
    match value:
        case None:
            out.append(_Marker.NULL)
        case bool():
            out += bytes((_Marker.BOOLEAN, value))
        case float() | int():
            out.append(_Marker.NUMBER)
            out += struct.pack(">d", value)
        case str():
            _write_string(out, value)
        case Date(unix_ms):
            out.append(_Marker.DATE)
            out += struct.pack(">dh", unix_ms, 0)
        case list() | dict():
            _write_compound(out, value)
        case _:
            raise ValueError(f"AMF0 has no type for {type(value).__name__}")


def _write_string(out: bytearray, text: str) -> None:
    encoded = text.encode()
    if len(encoded) <= 0xFFFF:
        out.append(_Marker.STRING)
        out += len(encoded).to_bytes(2)
    else:
        out.append(_Marker.LONG_STRING)
        out += len(encoded).to_bytes(4)
    out += encoded


def _write_compound(out: bytearray, members: list[Value] | dict[str, Value]) -> None:
    if isinstance(members, list):
        out.append(_Marker.STRICT_ARRAY)
        out += len(members).to_bytes(4)
        for item in members:
            _write(out, item)
        return
    if isinstance(members, EcmaArray):
        out.append(_Marker.ECMA_ARRAY)
        out += len(members).to_bytes(4)
    else:
        out.append(_Marker.OBJECT)
    for name, value in members.items():
        encoded = name.encode()
        if len(encoded) > 0xFFFF:
            raise ValueError(f"a member's name has {len(encoded)} bytes")
        out += len(encoded).to_bytes(2) + encoded
        _write(out, value)
    out += bytes((0, 0, _Marker.OBJECT_END))
