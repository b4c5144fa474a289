"""`/auth`: sign in, and who one is."""

from typing import Any

from pydantic import Field, model_validator

from emulator.web.api.models import Request
from emulator.web.rest.call import Call
from emulator.web.rest.operation import Operation
from emulator.web.shapes.people import Auth, UserShape, auth, user_shape
from emulator.world.people import accounts, tokens


class Login(Request):
    """`username` is read where `email` is missing (contract, Accounts)."""

    email: str = Field(min_length=1, max_length=320)
    password: str = Field(min_length=1, max_length=1000)

    @model_validator(mode="before")
    @classmethod
    def _username_is_read_too(cls, given: Any) -> Any:
        if isinstance(given, dict) and "email" not in given and "username" in given:
            return {**given, "email": given["username"]}
        return given


def log_in(call: Call) -> Auth:
    """Sign in with mail (or username) and password."""
    login = call.body_as(Login)
    user = accounts.log_in(call.world, login.email, login.password)
    return auth(tokens.open_session(call.world, user))


def me(call: Call) -> UserShape:
    """Read the account that the credential belongs to."""
    return user_shape(call.user)


OPERATIONS = [
    Operation(
        method="POST",
        path="/auth/login",
        auth="public",
        answer=log_in,
        body=Login,
        refuses=("unauthorized",),
        provenance="guide",
    ),
    Operation(method="GET", path="/auth/me", auth="user", answer=me, provenance="guide"),
]
