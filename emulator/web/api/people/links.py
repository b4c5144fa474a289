"""`/auth/magic-link` and other links by mail: new passwords, verified addresses.

The answers are equal whether or not an account has the address, so that they reveal no accounts.
"""

from typing import TypedDict

from emulator.shapes.people import Auth, auth
from emulator.web.api.models import Request
from emulator.web.api.people.accounts import Email, NewPassword, Token
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.auth import links


class MailRequest(Request):
    email: Email


class TokenRequest(Request):
    token: Token


class ResetRequest(Request):
    token: Token
    new_password: NewPassword


class MessageAnswer(TypedDict):
    message: str


@endpoint("POST", "/auth/magic-link", provenance="guide")
def request_magic_link(call: Call, body: MailRequest) -> MessageAnswer:
    """Request a mail with a link that signs in: once, within 15 minutes."""
    links.send_if_known(call.world, body.email, "magic_link", call.site)
    return {"message": "If the account exists, a magic link has been sent"}


@endpoint("POST", "/auth/magic-link/verify", provenance="guide", refuses=("unauthorized",))
def verify_magic_link(call: Call, body: TokenRequest) -> Auth:
    """Sign in with the token of a magic link."""
    return auth(links.sign_in(call.world, body.token))


@endpoint("POST", "/auth/forgot-password", provenance="client")
def forgot_password(call: Call, body: MailRequest) -> MessageAnswer:
    """Request a mail with a link that resets the password."""
    links.send_if_known(call.world, body.email, "reset_password", call.site)
    return {"message": "If the account exists, a password reset link has been sent"}


@endpoint("POST", "/auth/reset-password", provenance="client", refuses=("bad_request",))
def reset_password(call: Call, body: ResetRequest) -> MessageAnswer:
    """Set a new password with a mailed token. All sessions end."""
    links.reset_password(call.world, body.token, body.new_password)
    return {"message": "Password has been reset"}


@endpoint("POST", "/auth/verify-email", provenance="client", refuses=("bad_request",))
def verify_email(call: Call, body: TokenRequest) -> MessageAnswer:
    """Verify a mail address with a mailed token."""
    links.verify_email(call.world, body.token)
    return {"message": "Email verified"}


@endpoint("POST", "/auth/resend-verification", provenance="client")
def resend_verification(call: Call, body: MailRequest) -> MessageAnswer:
    """Request the verification mail again."""
    links.send_if_known(call.world, body.email, "verify_email", call.site)
    return {"message": "If the account needs it, a verification email has been sent"}
