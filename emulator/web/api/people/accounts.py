"""`/auth`: register, sign in, stay signed in, sign out, and who one is."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from emulator.web.api.models import Request
from emulator.web.rest.call import Call
from emulator.web.rest.operation import Operation
from emulator.web.shapes.people import Auth, UserShape, auth, user_shape
from emulator.world.people import tokens
from emulator.world.people.access import logins
from emulator.world.people.names import email_mistake, username_mistake


def _is_email(address: str) -> str:
    mistake = email_mistake(address)
    if mistake:
        raise ValueError(mistake)
    return address


def _is_username(name: str) -> str:
    mistake = username_mistake(name)
    if mistake:
        raise ValueError(mistake)
    return name


Email = Annotated[str, Field(min_length=3, max_length=320), AfterValidator(_is_email)]
NewPassword = Annotated[str, Field(min_length=8, max_length=1000)]
Token = Annotated[str, Field(min_length=1, max_length=1000)]
Code = Annotated[str, Field(min_length=1, max_length=100)]


class Register(Request):
    email: Email
    username: Annotated[str, Field(min_length=1, max_length=50), AfterValidator(_is_username)]
    password: NewPassword


class Login(Request):
    """`username` is read where `email` is missing. `code`: the second factor's."""

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
        logins.register(call.world, wish.username, wish.email, wish.password, site=call.site)
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


def me(call: Call) -> UserShape:
    """Read the account that the credential belongs to."""
    return user_shape(call.user)


def from_github(call: Call) -> Auth:
    """Sign in whom GitHub vouches for: the code `test-<username>` names them."""
    return auth(logins.by_provider(call.world, call.body_as(ProviderCallback).code, "github"))


def from_google(call: Call) -> Auth:
    """Sign in whom Google vouches for: the code `test-<username>` names them."""
    return auth(logins.by_provider(call.world, call.body_as(ProviderCallback).code, "google"))


OPERATIONS = [
    Operation(
        method="POST",
        path="/auth/register",
        auth="public",
        answer=register,
        body=Register,
        status=201,
        refuses=("conflict",),
        provenance="guide",
    ),
    Operation(
        method="POST",
        path="/auth/login",
        auth="public",
        answer=log_in,
        body=Login,
        refuses=("unauthorized", "forbidden"),
        provenance="guide",
    ),
    Operation(
        method="POST",
        path="/auth/logout",
        auth="user",
        answer=log_out,
        status=204,
        provenance="guide",
    ),
    Operation(
        method="POST",
        path="/auth/refresh",
        auth="public",
        answer=refresh,
        body=Refresh,
        refuses=("unauthorized",),
        provenance="guide",
    ),
    Operation(
        method="GET",
        path="/auth/me",
        auth="user",
        answer=me,
        provenance="guide",
        is_reusable=True,
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
