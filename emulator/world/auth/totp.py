"""TOTP: codes that change every 30 seconds (RFC 6238), of six digits, by HMAC-SHA-1 (RFC 4226)."""

import base64
import hmac
import re

STEP_MS = 30_000
SECRET_BYTES = 20
# RFC 6238, 5.2: one step of drift, either way, for clocks that differ and people who are slow.
_DRIFT_STEPS = 1
_DIGITS = 6
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def secret_text(octets: bytes) -> str:
    """Write a secret as users type it into their app: base32 (RFC 4648, 6), without padding."""
    return base64.b32encode(octets).decode().rstrip("=")


def code_at(secret: str, step: int) -> str:
    """Return the code of one step of 30 seconds, counted from 1970 (RFC 4226, 5.3)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8), casefold=True)
    digest = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"


def step_of(secret: str, code: str, now_ms: int, after_step: int) -> int | None:
    """Return the step of a code, among the steps valid now; None for a wrong code."""
    digits = code.replace(" ", "")
    if not _CODE.fullmatch(digits):
        return None
    now = now_ms // STEP_MS
    valid = range(max(now - _DRIFT_STEPS, after_step + 1), now + _DRIFT_STEPS + 1)
    matching = [step for step in valid if hmac.compare_digest(code_at(secret, step), digits)]
    return matching[0] if matching else None
