"""Logins: by password, by registering, by somebody else's word."""

from emulator.core.errors import Refused
from emulator.core.events.people import LoginMeans
from emulator.world.auth import links, passwords, second_factors, tokens
from emulator.world.auth.tokens import AuthSession
from emulator.world.people import accounts, images
from emulator.world.people.names import email_error, username_error, username_of
from emulator.world.world import World

# What a client says instead of the provider's code, to sign that user in (contract, Accounts).
TEST_CODE_PREFIX = "test-"


def log_in(world: World, name: str, password: str, code: str | None = None) -> AuthSession:
    """Sign in with a mail address or username, the password, and the second factor's code.

    Refuses (`unauthorized`) with one sentence for a wrong name and a wrong password, (`forbidden`)
    `mfa_required` where a code is missing, (`unauthorized`) a wrong code.
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
    """Make an account and sign it in. A mail asks its owner to verify the address.

    Without a `username` one is made of the mail address. `site` is where that mail's link leads.
    Refuses (`invalid`) a bad name or address, (`conflict`) a taken one.
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
    """Sign in whom GitHub or Google vouches for: `test-<username>` names them.

    An account that is not there yet is made. Refuses (`bad_request`) any other code, and a name
    that nobody may have.
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
            # Providers hand a picture over with the name.
            user = accounts.make(world, name, avatar_url=images.initial_path(name))
        return tokens.open_session(world, user, means)
