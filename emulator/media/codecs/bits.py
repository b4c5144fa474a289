"""Bits: reads configuration records bit by bit. A record that ends too early is the peer's error.

For records of a few dozen bytes, once per stream: no frame is read with this.
"""

from emulator.core.errors import ProtocolError


class Bits:
    """A cursor over `octets`, most significant bit first. `name` names them in error messages."""

    def __init__(self, octets: bytes | memoryview, name: str) -> None:
        self._number = int.from_bytes(octets, "big")
        self._left = 8 * len(octets)
        self._name = name

    @property
    def left(self) -> int:
        """The number of bits that are left."""
        return self._left

    def read(self, width: int) -> int:
        """The next `width` bits as an unsigned number."""
        if width > self._left:
            raise ProtocolError(f"{self._name} is cut off")
        self._left -= width
        return (self._number >> self._left) & ((1 << width) - 1)

    def flag(self) -> bool:
        return self.read(1) == 1

    def skip(self, width: int) -> None:
        if width > self._left:
            raise ProtocolError(f"{self._name} is cut off")
        self._left -= width

    def ue(self) -> int:
        """Read ue(v), unsigned Exp-Golomb (H.264 9.1). More than 32 leading zeros are refused."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise ProtocolError(f"{self._name} contains a number of more than 32 bits")
        return (1 << zeros) - 1 + self.read(zeros)

    def se(self) -> int:
        """Read se(v), signed Exp-Golomb (H.264 9.1.1)."""
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def without_emulation_prevention(nal: bytes | memoryview) -> bytes:
    """A NAL unit's payload without its 00 00 03 escapes (H.264 7.3.1, HEVC 7.3.1.1)."""
    return bytes(nal).replace(b"\x00\x00\x03", b"\x00\x00")
