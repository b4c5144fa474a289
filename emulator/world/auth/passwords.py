"""Passwords, stored as scrypt hashes (RFC 7914), each with its own salt and cost."""

import hashlib
import hmac

from emulator.world.world import World

# A test double's passwords guard nothing, so the cost is low on purpose: a login takes about 3 ms.
_COST, _BLOCK_SIZE, _LANES = 2**10, 8, 1
_SALT_BYTES = 16
_NAME = "scrypt"
# The hash that is compared if there is no account: no password matches it.
_NOBODY = f"{_NAME}${_COST}${_BLOCK_SIZE}${_LANES}${'00' * _SALT_BYTES}${'00' * 64}"


def hashed(world: World, password: str) -> str:
    """Hash a password as `scrypt$N$r$p$salt$hash`, the last two in hexadecimal."""
    salt = world.ids.octets(_SALT_BYTES)
    digest = _scrypt(password, salt, _COST, _BLOCK_SIZE, _LANES)
    return f"{_NAME}${_COST}${_BLOCK_SIZE}${_LANES}${salt.hex()}${digest.hex()}"


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password matches a stored hash.

    With no hash it is False after an equally long time.
    """
    _, cost, block_size, lanes, salt, digest = (password_hash or _NOBODY).split("$")
    data = _scrypt(password, bytes.fromhex(salt), int(cost), int(block_size), int(lanes))
    return hmac.compare_digest(data, bytes.fromhex(digest)) and password_hash is not None


def _scrypt(password: str, salt: bytes, cost: int, block_size: int, lanes: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block_size, p=lanes)
