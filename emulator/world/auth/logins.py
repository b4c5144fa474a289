"""Logins: by password, by registration, or by another provider (GitHub, Google)."""

from emulator.core.errors import Refused
from emulator.core.events.people import LoginMeans
from emulator.world.auth import links, passwords, second_factors, tokens
from emulator.world.auth.tokens import AuthSession
from emulator.world.people import accounts, images
from emulator.world.people.names import email_error, username_error, username_of
from emulator.world.world import World

# Begins a code that stands in for the provider's one: `test-<username>` (contract, Accounts).
TEST_CODE_PREFIX = "test-"


def log_in(world: World, name: str, password: str, code: str | None = None) -> AuthSession:
    """Sign in with a mail address or username, the password, and the second factor's code.

    Refuses (`unauthorized`) a wrong name or password, both with the same message, (`forbidden`,
    `mfa_required`) a missing code, (`unauthorized`) a wrong code.
    """
    row = world.store.row(
        "SELECT row, password_hash FROM users WHERE email = ? OR username = ?", name, name
    )
    is_right = passwords.matches(row["password_hash"] if row else None, password)
    if not row or not is_right:
        raise Refused("unauthorized", "Incorrect email or password")
    user = accounts.by_pk(world, row["row"])
    if user.is_mfa_enabled:
        if not code:
            raise Refused("forbidden", "mfa_required")
        if not second_factors.use(world, user, code):
            raise Refused("unauthorized", "Incorrect verification code")
    return tokens.open_session(world, user)


def register(
    world: World,
    username: str | None,
    email: str,
    password: str,
    *,
    display_name: str | None = None,
    site: str,
) -> AuthSession:
    """Create an account and sign it in. A mail asks its owner to verify the address.

    Without `username` one is made from the mail address. `site` is the base of the link in that
    mail. Refuses (`invalid`) a bad name or address, (`conflict`) a taken one.
    """
    error = email_error(email)
    if error:
        raise Refused("invalid", error)
    username = username or accounts.free_username(world, username_of(email))
    error = username_error(username)
    if error:
        raise Refused("invalid", error)
    with world.change():
        user = accounts.make(
            world,
            username,
            email=email,
            password_hash=passwords.hashed(world, password),
            display_name=display_name,
            is_email_verified=False,
        )
        links.send(world, user, "verify_email", site)
        return tokens.open_session(world, user, "registration")


def by_provider(world: World, code: str, means: LoginMeans) -> AuthSession:
    """Sign in by GitHub or Google: the code `test-<username>` names the user.

    An unknown user's account is created. Refuses (`bad_request`) any other code, and a name that is
    not a valid username.
    """
    name = code.removeprefix(TEST_CODE_PREFIX)
    if name == code:
        raise Refused("bad_request", "Invalid code. Send test-<username> to sign that user in.")
    row = world.store.row("SELECT row FROM users WHERE username = ?", name)
    error = None if row else username_error(name)
    if error:
        raise Refused("bad_request", f"Invalid code. {error}")
    with world.change():
        if row:
            user = accounts.by_pk(world, row["row"])
        else:
            # A provider supplies a picture together with the name.
            user = accounts.make(world, name, avatar_url=images.initial_path(name))
        return tokens.open_session(world, user, means)
