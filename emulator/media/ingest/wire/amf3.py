"""AMF3 (Action Message Format 3, Adobe 2013), as far as RTMP commands of Flash-era encoders use it.

Read only: responses are in AMF0, which every peer understands. Types that no command carries
(vectors, dictionaries, externalizable objects) are refused. `Value` is the result of both AMF
versions.
"""

import struct
from typing import Final, NamedTuple, TypeAlias, TypeVar

from emulator.core.errors import ProtocolError

DEPTH_MAX: Final = 32


class Date(NamedTuple):
    """Milliseconds since 1970 UTC. A float, as on the wire; it may be any number."""

    unix_ms: float


Value: TypeAlias = bool | float | str | bytes | Date | list["Value"] | dict[str, "Value"] | None
"""A decoded value. Undefined is None, XML a str, a typed object a dict without its class name."""

_Item = TypeVar("_Item")

_DOUBLE = struct.Struct(">d")


class _Marker:
    """The byte before a value (AMF3, 3.1)."""

    UNDEFINED: Final = 0x00
    NULL: Final = 0x01
    FALSE: Final = 0x02
    TRUE: Final = 0x03
    INTEGER: Final = 0x04
    DOUBLE: Final = 0x05
    STRING: Final = 0x06
    XML_DOCUMENT: Final = 0x07
    DATE: Final = 0x08
    ARRAY: Final = 0x09
    OBJECT: Final = 0x0A
    XML: Final = 0x0B
    BYTE_ARRAY: Final = 0x0C


class Cursor:
    """A position in a message body. Reading past the end is the peer's error."""

    __slots__ = ("body", "pos")

    def __init__(self, body: bytes, pos: int = 0) -> None:
        self.body = body
        self.pos = pos

    @property
    def at_end(self) -> bool:
        return self.pos >= len(self.body)

    def take(self, length: int) -> bytes:
        end = self.pos + length
        if end > len(self.body):
            raise ProtocolError("an AMF value ends too early")
        taken = self.body[self.pos : end]
        self.pos = end
        return taken

    def octet(self) -> int:
        return self.take(1)[0]

    def double(self) -> float:
        number: float = _DOUBLE.unpack(self.take(8))[0]
        return number

    def text(self, length: int) -> str:
        """Read UTF-8.

        A broken sequence becomes U+FFFD: encoders put local text in their metadata.
        """
        return self.take(length).decode("utf-8", "replace")


class _Traits(NamedTuple):
    is_dynamic: bool
    names: tuple[str, ...]


class Reader:
    """Decodes values that share one set of reference tables (AMF3, 2.2)."""

    def __init__(self, cursor: Cursor) -> None:
        self._in = cursor
        self._strings: list[str] = []
        self._complex: list[Value] = []
        self._traits: list[_Traits] = []

    def value(self, depth: int = 0) -> Value:
        """The next value. Refuses nesting deeper than `DEPTH_MAX`."""
        if depth > DEPTH_MAX:
            raise ProtocolError("AMF values are nested too deeply")
        marker = self._in.octet()
        match marker:
            case _Marker.UNDEFINED | _Marker.NULL:
                return None
            case _Marker.FALSE | _Marker.TRUE:
                return bool(marker == _Marker.TRUE)
            case _Marker.INTEGER:
                number = self._u29()
                return float(number - 0x2000_0000 if number & 0x1000_0000 else number)
            case _Marker.DOUBLE:
                return self._in.double()
            case _Marker.STRING:
                return self._string()
        return self._by_reference(marker, depth)

    def _by_reference(self, marker: int, depth: int) -> Value:
        """Read a type whose header tells a value from a reference to an earlier one (3.9 ff.)."""
        if not _Marker.XML_DOCUMENT <= marker <= _Marker.BYTE_ARRAY:
            raise ProtocolError(f"AMF3 type 0x{marker:02x} is not allowed in a command")
        header = self._u29()
        if not header & 1:
            return _item_at(self._complex, header >> 1)
        size = header >> 1
        match marker:
            case _Marker.ARRAY:
                return self._array(size, depth)
            case _Marker.OBJECT:
                return self._object(size, depth)
        value: Value
        match marker:
            case _Marker.DATE:
                value = Date(self._in.double())
            case _Marker.BYTE_ARRAY:
                value = self._in.take(size)
            case _:
                value = self._in.text(size)
        self._complex.append(value)
        return value

    def _array(self, dense_count: int, depth: int) -> Value:
        """Read an array: a dense one as a list, one with named members as a dict.

        The dict has the dense part under its numbers.
        """
        slot = len(self._complex)
        self._complex.append(None)  # Cycles are not supported: no command needs one.
        named: dict[str, Value] = {}
        while name := self._string():
            named[name] = self.value(depth + 1)
        dense: list[Value] = []
        for _ in range(dense_count):  # Each takes at least a byte: the body bounds it.
            dense.append(self.value(depth + 1))
        array: Value = dense
        if named:
            array = named | {str(index): item for index, item in enumerate(dense)}
        self._complex[slot] = array
        return array

    def _object(self, header: int, depth: int) -> Value:
        traits = self._traits_of(header)
        slot = len(self._complex)
        self._complex.append(None)
        members: dict[str, Value] = {name: self.value(depth + 1) for name in traits.names}
        if traits.is_dynamic:
            while name := self._string():
                members[name] = self.value(depth + 1)
        self._complex[slot] = members
        return members

    def _traits_of(self, header: int) -> _Traits:
        """Read the traits of an object. `header` comes without its lowest bit (AMF3, 3.12)."""
        if not header & 1:
            return _item_at(self._traits, header >> 1)
        if header & 2:
            raise ProtocolError("an externalizable AMF3 object is not allowed in a command")
        self._string()  # The class name.
        names: list[str] = []
        for _ in range(header >> 3):
            names.append(self._string())
        traits = _Traits(bool(header & 4), tuple(names))
        self._traits.append(traits)
        return traits

    def _string(self) -> str:
        header = self._u29()
        if not header & 1:
            return _item_at(self._strings, header >> 1)
        text = self._in.text(header >> 1)
        if text:  # The empty string is never sent by reference (AMF3, 1.3.2).
            self._strings.append(text)
        return text

    def _u29(self) -> int:
        """Read a number of one to four bytes: seven bits each, the fourth eight (AMF3, 1.3.1)."""
        number = 0
        for _ in range(3):
            octet = self._in.octet()
            number = number << 7 | octet & 0x7F
            if octet < 0x80:
                return number
        return number << 8 | self._in.octet()


def _item_at(table: list[_Item], index: int) -> _Item:
    if index >= len(table):
        raise ProtocolError("an AMF reference has no target")
    return table[index]
