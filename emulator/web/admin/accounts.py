"""`/_emulator/accounts`: the accounts of this world, with their API keys."""

from typing import TypedDict

from pydantic import Field

from emulator.shapes.pages import PageShape
from emulator.shapes.times import iso
from emulator.web.api.models import Page
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.people import accounts
from emulator.world.people.accounts import Role, User
from emulator.world.world import DEFAULT


class AccountQuery(Page):
    """`find` is part of a username or display name."""

    find: str = Field("", max_length=100)


class AccountShape(TypedDict):
    """`api_keys` are complete: outside of the world `default` they end with `@` and its name."""

    id: str
    username: str
    display_name: str | None
    email: str
    role: Role
    is_live: bool
    is_email_verified: bool
    is_mfa_enabled: bool
    follower_count: int
    following_count: int
    created_at: str
    api_keys: list[str]


class AccountPage(PageShape):
    accounts: list[AccountShape]


@endpoint("GET", "/accounts")
def list_accounts(call: Call, query: AccountQuery) -> AccountPage:
    """List the accounts of this world with their API keys, oldest first."""
    world = call.world
    users, total = accounts.page(world, query.find, query.offset, query.per_page)
    keys = accounts.keys_of(world, [user.pk for user in users])
    suffix = "" if world.name == DEFAULT else f"@{world.name}"
    return {
        "accounts": [_shape(user, [f"{key}{suffix}" for key in keys[user.pk]]) for user in users],
        **query.counts(total),
    }


def _shape(user: User, keys: list[str]) -> AccountShape:
    return {
        "id": user.id,
        "username": user.username,
        "display_name": user.display_name,
        "email": user.email,
        "role": user.role,
        "is_live": user.is_live,
        "is_email_verified": user.is_email_verified,
        "is_mfa_enabled": user.is_mfa_enabled,
        "follower_count": user.follower_count,
        "following_count": user.following_count,
        "created_at": iso(user.created_at_ms),
        "api_keys": keys,
    }
