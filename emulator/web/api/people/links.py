"""`/auth/magic-link` and the rest that goes by mail: new passwords, verified addresses.

The answers are the same whether or not anybody has the address: they must not tell who is here.
"""

from typing import TypedDict

from emulator.shapes.people import Auth, auth
from emulator.web.api.models import Request
from emulator.web.api.people.accounts import Email, NewPassword, Token
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
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


def ask_magic_link(call: Call) -> MessageAnswer:
    """Ask for a mail with a link that signs in: once, within 15 minutes."""
    links.send_if_known(call.world, call.body_as(MailRequest).email, "magic_link", call.site)
    return {"message": "If the account exists, a magic link has been sent"}


def follow_magic_link(call: Call) -> Auth:
    """Sign in with the token of a magic link."""
    return auth(links.sign_in(call.world, call.body_as(TokenRequest).token))


def forgot_password(call: Call) -> MessageAnswer:
    """Ask for a mail with a link that resets the password."""
    links.send_if_known(call.world, call.body_as(MailRequest).email, "reset_password", call.site)
    return {"message": "If the account exists, a password reset link has been sent"}


def reset_password(call: Call) -> MessageAnswer:
    """Choose a new password with a mailed token. All sessions end."""
    wish = call.body_as(ResetRequest)
    links.reset_password(call.world, wish.token, wish.new_password)
    return {"message": "Password has been reset"}


def verify_email(call: Call) -> MessageAnswer:
    """Verify a mail address with a mailed token."""
    links.verify_email(call.world, call.body_as(TokenRequest).token)
    return {"message": "Email verified"}


def resend_verification(call: Call) -> MessageAnswer:
    """Ask for the verification mail again."""
    links.send_if_known(call.world, call.body_as(MailRequest).email, "verify_email", call.site)
    return {"message": "If the account needs it, a verification email has been sent"}


OPERATIONS = [
    Operation(
        method="POST",
        path="/auth/magic-link",
        auth="public",
        answer=ask_magic_link,
        body=MailRequest,
        provenance="guide",
    ),
    Operation(
        method="POST",
        path="/auth/magic-link/verify",
        auth="public",
        answer=follow_magic_link,
        body=TokenRequest,
        refuses=("unauthorized",),
        provenance="guide",
    ),
    Operation(
        method="POST",
        path="/auth/forgot-password",
        auth="public",
        answer=forgot_password,
        body=MailRequest,
        provenance="client",
    ),
    Operation(
        method="POST",
        path="/auth/reset-password",
        auth="public",
        answer=reset_password,
        body=ResetRequest,
        refuses=("bad_request",),
        provenance="client",
    ),
    Operation(
        method="POST",
        path="/auth/verify-email",
        auth="public",
        answer=verify_email,
        body=TokenRequest,
        refuses=("bad_request",),
        provenance="client",
    ),
    Operation(
        method="POST",
        path="/auth/resend-verification",
        auth="public",
        answer=resend_verification,
        body=MailRequest,
        provenance="client",
    ),
]
