"""`/streams/users/{username}/follow`, `/followers`, `/following`: who hears of whom."""

from emulator.shapes.people import user_card
from emulator.shapes.profiles import (
    FollowerPage,
    FollowingPage,
    FollowShape,
    IsFollowing,
    follow_shape,
)
from emulator.web.api.models import Page
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.people import accounts, follows
from emulator.world.people.accounts import User

_FOLLOW = "/streams/users/{username}/follow"


def follow(call: Call) -> FollowShape:
    """Follow a user, who is told."""
    return follow_shape(follows.follow(call.world, call.user, _named(call)))


def unfollow(call: Call) -> None:
    """Follow a user no more."""
    follows.unfollow(call.world, call.user, _named(call))


def is_following(call: Call) -> IsFollowing:
    """Read whether the caller follows a user."""
    return {"is_following": follows.is_following(call.world, call.user, _named(call))}


def followers(call: Call) -> FollowerPage:
    """List who follows a user, the newest first."""
    query = call.query_as(Page)
    users, total = follows.followers(
        call.world, _named(call), offset=query.offset, count=query.per_page
    )
    return {
        "followers": [user_card(user) for user in users],
        "total": total,
        "page": query.page,
        "per_page": query.per_page,
        "has_more": query.has_more(total),
    }


def following(call: Call) -> FollowingPage:
    """List whom a user follows, the newest first."""
    query = call.query_as(Page)
    users, total = follows.following(
        call.world, _named(call), offset=query.offset, count=query.per_page
    )
    return {
        "following": [user_card(user) for user in users],
        "total": total,
        "page": query.page,
        "per_page": query.per_page,
        "has_more": query.has_more(total),
    }


def _named(call: Call) -> User:
    return accounts.by_username(call.world, call.path["username"])


OPERATIONS = [
    Operation(
        method="POST",
        path=_FOLLOW,
        auth="user",
        answer=follow,
        status=201,
        refuses=("bad_request", "not_found", "conflict"),
        provenance="guide",
    ),
    Operation(
        method="DELETE",
        path=_FOLLOW,
        auth="user",
        answer=unfollow,
        status=204,
        refuses=("not_found",),
        provenance="guide",
    ),
    Operation(
        method="GET",
        path=_FOLLOW,
        auth="user",
        answer=is_following,
        refuses=("not_found",),
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="GET",
        path="/streams/users/{username}/followers",
        auth="public",
        answer=followers,
        query=Page,
        refuses=("not_found",),
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="GET",
        path="/streams/users/{username}/following",
        auth="public",
        answer=following,
        query=Page,
        refuses=("not_found",),
        provenance="guide",
        is_reusable=True,
    ),
]
