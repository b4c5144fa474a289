"""Ids and randomness, passed in as arguments. The only file that may draw a random number.

Two `Ids` with the same seed and epoch give the same ids in the same order. The epoch counts the
starts of a world that is kept on disk, so that a restart never gives an id twice.
"""

import random
import secrets
from collections.abc import Iterable

_KEY_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

_UUID_BITS = 4 << 76 | 2 << 62
_UUID_MASK = ~(0xF << 76 | 0x3 << 62)
# The variant's two bits, 10, before the two of a drawn digit.
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
# Without it, the two halves of an id with a small number would look alike.
_MASK = 0x5DA3_91C6_7E2B


class Ids:
    """Makes ids, stream keys and tokens for one world."""

    def __init__(self, seed: int | str = 1, epoch: int = 0) -> None:
        self._random = random.Random(f"{seed}/{epoch}")

    def uuid(self) -> str:
        """A version 4 UUID in its usual text form."""
        # RFC 9562, 5.4: the version's four bits and the variant's two, set by hand because a flood
        # of chat lines asks for tens of thousands a second.
        bits = self._random.getrandbits(128)
        text = f"{bits & _UUID_MASK | _UUID_BITS:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def numbered(self, numbers: Iterable[int]) -> list[str]:
        """Version 4 UUIDs that each carry a number below 2^48, which `number_in` reads back.

        The last twelve digits are the number, masked with the first twelve; 74 bits are random.
        """
        draw = self._random.getrandbits
        ids = []
        for number in numbers:
            bits = draw(76)
            text = f"{bits:019x}"
            tail = (bits >> 28) ^ number ^ _MASK
            ids.append(
                f"{text[:8]}-{text[8:12]}-4{text[12:15]}-{_VARIANTS[text[15]]}{text[16:]}-{tail:012x}"
            )
        return ids

    def uid(self) -> str:
        """A CDN uid: 32 hexadecimal digits (contract, Conventions)."""
        return f"{self._random.getrandbits(128):032x}"

    def stream_key(self) -> str:
        """`live_` and 32 letters or digits (contract, STREAM_WITH_INGEST)."""
        return "live_" + "".join(self._random.choices(_KEY_ALPHABET, k=32))

    def token(self) -> str:
        """An opaque token of 43 characters, as many as 32 random bytes take in base64."""
        return "".join(self._random.choices(_KEY_ALPHABET, k=43))

    def share(self) -> float:
        """A random number from 0 to 1, without 1, to decide whether a share of 0 to 1 applies."""
        return self._random.random()

    def octets(self, count: int) -> bytes:
        """`count` random bytes: salts, and secrets that a world signs with."""
        return self._random.randbytes(count)


def number_in(uuid: str) -> int:
    """The number that an id of `numbered` carries; some number in any other UUID."""
    return int(uuid[24:], 16) ^ int(uuid[:8] + uuid[9:13], 16) ^ _MASK


def secret_token() -> str:
    """A token of 43 characters from the system's randomness, which no seed can reproduce."""
    return secrets.token_urlsafe(32)


def trace_id() -> str:
    """A random id for one answered request. It is no world's, so it does not depend on a seed."""
    return f"{random.getrandbits(128):032x}"


class Chance(random.Random):
    """A named random generator: the same numbers for the same seed and names, in every run.

    Only methods whose results Python keeps from version to version may be used: `random`,
    `randrange`, `expovariate`, `gauss`, `lognormvariate`, `uniform`.
    """

    def __init__(self, seed: int | str, *names: str) -> None:
        super().__init__(f"{seed}/{'/'.join(names)}")
