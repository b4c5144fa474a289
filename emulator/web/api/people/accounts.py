"""`/auth`: register, sign in, stay signed in, sign out, and who one is."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from emulator.shapes.people import Auth, ClientMe, Me, auth, me_shape
from emulator.web.api.models import Request, none_if_empty
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation, Provenance
from emulator.world.auth import logins, tokens
from emulator.world.people.names import email_mistake, username_mistake


def _is_email(address: str) -> str:
    mistake = email_mistake(address)
    if mistake:
        raise ValueError(mistake)
    return address


def _is_username(name: str | None) -> str | None:
    mistake = username_mistake(name) if name is not None else None
    if mistake:
        raise ValueError(mistake)
    return name


Email = Annotated[str, Field(min_length=3, max_length=320), AfterValidator(_is_email)]
NewPassword = Annotated[str, Field(min_length=8, max_length=1000)]
Token = Annotated[str, Field(min_length=1, max_length=1000)]
Code = Annotated[str, Field(min_length=1, max_length=100)]


class Register(Request):
    """Without a `username` one is made of the mail address. `full_name`: the display name."""

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
    """`username` is read where `email` is missing. `code`: the second factor's."""

    also_read = frozenset({"username"})

    email: str = Field(min_length=1, max_length=320)
    password: str = Field(min_length=1, max_length=1000)
    code: Code | None = None

    @model_validator(mode="before")
    @classmethod
    def _username_is_read_too(cls, given: Any) -> Any:
        if isinstance(given, dict) and "email" not in given and "username" in given:
            return {**given, "email": given["username"]}
        return given


class Refresh(Request):
    refresh_token: Token


class ProviderCallback(Request):
    code: Annotated[Code, Field(examples=["test-urbantech"])]
    redirect_uri: str | None = Field(None, max_length=2000)


def register(call: Call) -> Auth:
    """Make an account and sign it in. A mail asks to verify the address."""
    wish = call.body_as(Register)
    return auth(
        logins.register(
            call.world,
            wish.username,
            wish.email,
            wish.password,
            display_name=wish.full_name,
            site=call.site,
        )
    )


def log_in(call: Call) -> Auth:
    """Sign in with mail (or username) and password.

    With a second factor on, 403 `mfa_required` until its `code` is given too.
    """
    login = call.body_as(Login)
    return auth(logins.log_in(call.world, login.email, login.password, login.code))


def log_out(call: Call) -> None:
    """Sign out: the token stops working, and the refresh token that came with it.

    An API key goes on working: it is no session.
    """
    tokens.log_out(call.world, call.user, call.credential)


def refresh(call: Call) -> Auth:
    """Trade a refresh token, which works once, for new tokens."""
    return auth(tokens.refresh(call.world, call.body_as(Refresh).refresh_token))


def me(call: Call) -> Me | ClientMe:
    """Read the account that the credential belongs to."""
    return me_shape(call.user, call.dialect)


def from_github(call: Call) -> Auth:
    """Sign in whom GitHub vouches for: the code `test-<username>` names them."""
    return auth(logins.by_provider(call.world, call.body_as(ProviderCallback).code, "github"))


def from_google(call: Call) -> Auth:
    """Sign in whom Google vouches for: the code `test-<username>` names them."""
    return auth(logins.by_provider(call.world, call.body_as(ProviderCallback).code, "google"))


# The platform's website lists the doubled spelling (contract, Accounts).
_SPELLINGS: tuple[tuple[str, Provenance], ...] = (("/auth", "guide"), ("/auth/auth", "client"))

OPERATIONS = [
    *(
        operation
        for base, provenance in _SPELLINGS
        for operation in (
            Operation(
                method="POST",
                path=f"{base}/register",
                auth="public",
                answer=register,
                body=Register,
                status=201,
                refuses=("conflict",),
                provenance=provenance,
            ),
            Operation(
                method="POST",
                path=f"{base}/login",
                auth="public",
                answer=log_in,
                body=Login,
                refuses=("unauthorized", "forbidden"),
                provenance=provenance,
            ),
            Operation(
                method="POST",
                path=f"{base}/logout",
                auth="user",
                answer=log_out,
                status=204,
                provenance=provenance,
            ),
            Operation(
                method="POST",
                path=f"{base}/refresh",
                auth="public",
                answer=refresh,
                body=Refresh,
                refuses=("unauthorized",),
                provenance=provenance,
            ),
            Operation(
                method="GET",
                path=f"{base}/me",
                auth="user",
                answer=me,
                provenance=provenance,
                is_reusable=True,
            ),
        )
    ),
    *(
        Operation(
            method="POST",
            path=f"/auth/{provider}/callback",
            auth="public",
            answer=answer,
            body=ProviderCallback,
            refuses=("bad_request",),
            provenance="guide",
        )
        for provider, answer in (("github", from_github), ("google", from_google))
    ),
]
