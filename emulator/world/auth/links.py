"""Links in the platform's mails: to sign in, to set a new password, to verify an address.

A user who has the link's token has read the mail, so the address belongs to that user.
"""

from msgspec import Struct

from emulator.core.errors import Code, Refused
from emulator.core.events.people import EmailVerified, PasswordChanged
from emulator.world.auth import mails, passwords, tokens
from emulator.world.auth.mails import MailKind
from emulator.world.auth.tokens import AuthSession
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

# Unused tokens of one kind per user; a further one removes the oldest.
TOKENS_MAX = 10

_MINUTE_MS = 60_000


class _Letter(Struct, frozen=True):
    """A kind of mail: `text`, then a link made of the site, `path` and the token."""

    subject: str
    text: str
    path: str
    life_ms: int


_LETTERS: dict[MailKind, _Letter] = {
    "magic_link": _Letter(
        "Sign in", "This link signs you in. It works once.", "/auth/magic-link", 15 * _MINUTE_MS
    ),
    "reset_password": _Letter(
        "Reset your password",
        "This link lets you choose a new password. It works once.",
        "/reset-password",
        60 * _MINUTE_MS,
    ),
    "verify_email": _Letter(
        "Verify your email address",
        "This link tells us that this address is yours.",
        "/verify-email",
        24 * 60 * _MINUTE_MS,
    ),
}


def send(world: World, user: User, kind: MailKind, site: str) -> None:
    """Mail a link with a new token. `site` is the base of the link, without a trailing slash."""
    letter = _LETTERS[kind]
    with world.change():
        token = _issue(world, user, kind, letter.life_ms)
        link = f"{site}{letter.path}?token={token}"
        name = user.display_name or user.username
        minutes = letter.life_ms // _MINUTE_MS
        mails.send(
            world,
            user,
            kind,
            subject=letter.subject,
            text=f"Hello {name},\n\n{letter.text} It is good for {minutes} minutes.\n\n{link}\n",
            link=link,
            token=token,
        )


def send_if_known(world: World, email: str, kind: MailKind, site: str) -> None:
    """Mail a link to this address if an account has it; the caller cannot see whether one does.

    A verified address is not asked to be verified again.
    """
    user = accounts.by_email(world, email)
    if user is None or (kind == "verify_email" and user.is_email_verified):
        return
    send(world, user, kind, site)


def sign_in(world: World, token: str) -> AuthSession:
    """Sign in by a magic link. Refuses (`unauthorized`) a token that is wrong, used or expired."""
    with world.change():
        user = _redeem(world, token, "magic_link", "unauthorized")
        return tokens.open_session(world, _verified(world, user), "magic_link")


def reset_password(world: World, token: str, password: str) -> None:
    """Set an account's password and sign it out everywhere; its other links stop working."""
    with world.change():
        user = _redeem(world, token, "reset_password", "bad_request")
        world.store.update("users", user.pk, password_hash=passwords.hashed(world, password))
        world.store.write(
            "DELETE FROM mail_tokens WHERE user_row = ? AND kind != 'verify_email'", user.pk
        )
        world.emit(PasswordChanged(at_ms=world.now_ms, user_id=user.id))
        tokens.close_all(world, user, "the password was changed")
        _verified(world, user)


def verify_email(world: World, token: str) -> None:
    """Mark an account's address as verified.

    Refuses (`bad_request`) a token that is wrong, used or expired.
    """
    with world.change():
        _verified(world, _redeem(world, token, "verify_email", "bad_request"))


def _issue(world: World, user: User, kind: MailKind, life_ms: int) -> str:
    token = world.ids.token()
    world.store.write("DELETE FROM mail_tokens WHERE expires_at_ms <= ?", world.now_ms)
    world.store.write(
        "DELETE FROM mail_tokens WHERE row IN (SELECT row FROM mail_tokens"
        " WHERE user_row = ? AND kind = ? ORDER BY row DESC LIMIT -1 OFFSET ?)",
        user.pk,
        kind,
        TOKENS_MAX - 1,
    )
    world.store.insert(
        "mail_tokens",
        token=token,
        user_row=user.pk,
        kind=kind,
        expires_at_ms=world.now_ms + life_ms,
    )
    return token


def _redeem(world: World, token: str, kind: MailKind, refusal: Code) -> User:
    row = world.store.row(
        "SELECT row, user_row, kind, expires_at_ms FROM mail_tokens WHERE token = ?", token
    )
    if row is None or row["kind"] != kind or row["expires_at_ms"] <= world.now_ms:
        raise Refused(refusal, "Invalid or expired token")
    world.store.write("DELETE FROM mail_tokens WHERE row = ?", row["row"])
    return accounts.by_pk(world, row["user_row"])


def _verified(world: World, user: User) -> User:
    if user.is_email_verified:
        return user
    world.store.update("users", user.pk, is_email_verified=True)
    world.emit(EmailVerified(at_ms=world.now_ms, user_id=user.id))
    return accounts.by_pk(world, user.pk)
