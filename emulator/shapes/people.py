"""USER_CARD, USER and AUTH (contract, schemas)."""

from typing import Literal, TypedDict, cast

from msgspec.structs import asdict

from emulator.shapes.dialect import Dialect
from emulator.shapes.times import iso
from emulator.world.auth.tokens import AuthSession
from emulator.world.people.accounts import Role, User


class UserCard(TypedDict):
    """`avatar` and `avatar_url` carry the same value: both names are read by clients."""

    id: str
    username: str
    display_name: str | None
    avatar: str | None
    avatar_url: str | None
    is_live: bool
    follower_count: int


class Socials(TypedDict):
    twitter: str | None
    github: str | None
    youtube: str | None
    website: str | None


class Person(UserCard):
    """The public view of a user: USER without the mail address."""

    bio: str | None
    role: Role
    following_count: int
    socials: Socials | None
    email_verified: bool
    mfa_enabled: bool
    tenant_id: str | None
    created_at: str


class UserShape(Person):
    email: str


class Me(UserShape):
    """`full_name` is the display name."""

    full_name: str | None


class ClientMe(Me):
    """ME, with the names that the web client reads."""

    displayName: str | None
    avatarUrl: str | None


class Auth(TypedDict):
    access_token: str
    token_type: Literal["bearer"]
    expires_in: int
    refresh_token: str
    user: UserShape


def user_card(user: User) -> UserCard:
    return {
        "id": user.id,
        "username": user.username,
        "display_name": user.display_name,
        "avatar": user.avatar_url,
        "avatar_url": user.avatar_url,
        "is_live": user.is_live,
        "follower_count": user.follower_count,
    }


def person(user: User) -> Person:
    return {
        **user_card(user),
        "bio": user.bio,
        "role": user.role,
        "following_count": user.following_count,
        "socials": _socials(user),
        "email_verified": user.is_email_verified,
        "mfa_enabled": user.is_mfa_enabled,
        "tenant_id": user.tenant_id,
        "created_at": iso(user.created_at_ms),
    }


def user_shape(user: User) -> UserShape:
    return {**person(user), "email": user.email}


def me_shape(user: User, dialect: Dialect) -> Me | ClientMe:
    """USER as its owner reads it."""
    me: Me = {**user_shape(user), "full_name": user.display_name}
    if dialect == "documented":
        return me
    return {**me, "displayName": user.display_name, "avatarUrl": user.avatar_url}


def auth(session: AuthSession) -> Auth:
    return {
        "access_token": session.access_token,
        "token_type": "bearer",
        "expires_in": session.expires_in_seconds,
        "refresh_token": session.refresh_token,
        "user": user_shape(session.user),
    }


def _socials(user: User) -> Socials | None:
    return None if user.socials is None else cast("Socials", asdict(user.socials))
