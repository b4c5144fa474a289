"""`/auth/mfa`: turn on codes of an authenticator app (RFC 6238)."""

import asyncio
from typing import TypedDict
from urllib.parse import quote, urlencode

from emulator.web.api.models import Request
from emulator.web.api.people.accounts import Code
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.auth import second_factors
from emulator.world.people.accounts import User

_ISSUER = "live-emulator"
# Pixels per module. The QR code of such an address has some 50 modules a side.
_SCALE = 5


class CodeRequest(Request):
    code: Code


class FactorSetup(TypedDict):
    """`qr_code_url` is a picture for an `img`: a `data:` address."""

    secret: str
    qr_code_url: str
    backup_codes: list[str]


class ClientFactorSetup(FactorSetup):
    """FactorSetup, with the names that the web client reads."""

    qrCodeUrl: str
    backupCodes: list[str]


class Verified(TypedDict):
    verified: bool


@endpoint("POST", "/auth/mfa/setup", provenance="guide")
async def set_up_mfa(call: Call, caller: User) -> FactorSetup | ClientFactorSetup:
    """Set up a second factor: a secret for an app, its QR code, and ten backup codes.

    It is required from the first valid code on (`/auth/mfa/verify`).
    """
    begun = second_factors.set_up(call.world, caller)
    address = otpauth_address(begun.secret, caller.email)
    setup: FactorSetup = {
        "secret": begun.secret,
        "qr_code_url": await asyncio.to_thread(_picture, address),
        "backup_codes": begun.backup_codes,
    }
    if call.dialect == "documented":
        return setup
    return {**setup, "qrCodeUrl": setup["qr_code_url"], "backupCodes": setup["backup_codes"]}


@endpoint("POST", "/auth/mfa/verify", provenance="guide", refuses=("bad_request",))
def verify_mfa(call: Call, caller: User, body: CodeRequest) -> Verified:
    """Check a code; the first valid one turns the second factor on."""
    second_factors.verify(call.world, caller, body.code)
    return {"verified": True}


def otpauth_address(secret: str, account: str) -> str:
    """Return the address that authenticator apps read from the QR code."""
    label = quote(f"{_ISSUER}:{account}", safe=":@")
    payload = {"secret": secret, "issuer": _ISSUER, "algorithm": "SHA1", "digits": 6, "period": 30}
    return f"otpauth://totp/{label}?{urlencode(payload)}"


def _picture(address: str) -> str:
    """Return the QR code as a PNG in a `data:` address: clients without SVG can show it too."""
    import segno  # Late: it is rarely used.

    return str(segno.make(address, error="m", micro=False).png_data_uri(scale=_SCALE))
