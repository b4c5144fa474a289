"""`/auth`: register, sign in, refresh, sign out, and the current account."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from emulator.shapes.people import Auth, ClientMe, Me, auth, me_shape
from emulator.web.api.models import Request, none_if_empty
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.auth import logins, tokens
from emulator.world.people.accounts import User
from emulator.world.people.names import email_error, username_error


def _is_email(address: str) -> str:
    error = email_error(address)
    if error:
        raise ValueError(error)
    return address


def _is_username(name: str | None) -> str | None:
    error = username_error(name) if name is not None else None
    if error:
        raise ValueError(error)
    return name


Email = Annotated[str, Field(min_length=3, max_length=320), AfterValidator(_is_email)]
NewPassword = Annotated[str, Field(min_length=8, max_length=1000)]
Token = Annotated[str, Field(min_length=1, max_length=1000)]
Code = Annotated[str, Field(min_length=1, max_length=100)]


class Register(Request):
    """Without a `username` one is made from the mail address. `full_name` is the display name."""

    email: Email
    username: Annotated[
        str | None,
        Field(max_length=50),
        BeforeValidator(none_if_empty),
        AfterValidator(_is_username),
    ] = None
    password: NewPassword
    full_name: Annotated[str | None, BeforeValidator(none_if_empty)] = Field(None, max_length=100)


class Login(Request):
    """`username` is used if `email` is missing. `code` is the second factor's."""

    also_read = frozenset({"username"})

    email: str = Field(min_length=1, max_length=320)
    password: str = Field(min_length=1, max_length=1000)
    code: Code | None = None

    @model_validator(mode="before")
    @classmethod
    def _username_is_read_too(cls, value: Any) -> Any:
        if isinstance(value, dict) and "email" not in value and "username" in value:
            return {**value, "email": value["username"]}
        return value


class Refresh(Request):
    refresh_token: Token


class ProviderCallback(Request):
    code: Annotated[Code, Field(examples=["test-urbantech"])]
    redirect_uri: str | None = Field(None, max_length=2000)


# The platform's website uses the doubled spelling of some (contract, Accounts).
@endpoint("POST", "/auth/register", provenance="guide", status=201, refuses=("conflict",))
@endpoint(
    "POST",
    "/auth/auth/register",
    provenance="client",
    name="register_by_website",
    status=201,
    refuses=("conflict",),
)
def register(call: Call, body: Register) -> Auth:
    """Create an account and sign it in. A mail asks to verify the address."""
    return auth(
        logins.register(
            call.world,
            body.username,
            body.email,
            body.password,
            display_name=body.full_name,
            site=call.site,
        )
    )


@endpoint("POST", "/auth/login", provenance="guide", refuses=("unauthorized", "forbidden"))
@endpoint(
    "POST",
    "/auth/auth/login",
    provenance="client",
    name="log_in_by_website",
    refuses=("unauthorized", "forbidden"),
)
def log_in(call: Call, body: Login) -> Auth:
    """Sign in with mail address (or username) and password.

    With a second factor, 403 `mfa_required` until its `code` is sent too.
    """
    return auth(logins.log_in(call.world, body.email, body.password, body.code))


@endpoint("POST", "/auth/logout", provenance="guide")
@endpoint("POST", "/auth/auth/logout", provenance="client", name="log_out_by_website")
def log_out(call: Call, caller: User) -> None:
    """Sign out: the token and the refresh token issued with it stop working.

    An API key has no session and keeps working.
    """
    tokens.log_out(call.world, caller, call.credential)


@endpoint("POST", "/auth/refresh", provenance="guide", refuses=("unauthorized",))
@endpoint(
    "POST",
    "/auth/auth/refresh",
    provenance="client",
    name="refresh_token_by_website",
    refuses=("unauthorized",),
)
def refresh_token(call: Call, body: Refresh) -> Auth:
    """Exchange a refresh token, which works once, for new tokens."""
    return auth(tokens.refresh(call.world, body.refresh_token))


@endpoint("GET", "/auth/me", provenance="guide")
@endpoint("GET", "/auth/auth/me", provenance="client", name="get_me_by_website")
def get_me(call: Call, caller: User) -> Me | ClientMe:
    """Read the account of the credential."""
    return me_shape(caller, call.dialect)


@endpoint("POST", "/auth/github/callback", provenance="guide", refuses=("bad_request",))
def log_in_with_github(call: Call, body: ProviderCallback) -> Auth:
    """Sign in by GitHub: the code `test-<username>` names the user."""
    return auth(logins.by_provider(call.world, body.code, "github"))


@endpoint("POST", "/auth/google/callback", provenance="guide", refuses=("bad_request",))
def log_in_with_google(call: Call, body: ProviderCallback) -> Auth:
    """Sign in by Google: the code `test-<username>` names the user."""
    return auth(logins.by_provider(call.world, body.code, "google"))
