"""`/streams/users/{username}/follow`, `/followers`, `/following`."""

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
from emulator.web.http.endpoint import endpoint
from emulator.world.people import accounts, follows
from emulator.world.people.accounts import User


@endpoint(
    "POST",
    "/streams/users/{username}/follow",
    provenance="guide",
    status=201,
    refuses=("bad_request", "conflict"),
)
def follow_user(call: Call, caller: User, username: str) -> FollowShape:
    """Follow a user; the user gets a notification."""
    return follow_shape(
        follows.follow(call.world, caller, accounts.by_username(call.world, username))
    )


@endpoint("DELETE", "/streams/users/{username}/follow", provenance="guide")
def unfollow_user(call: Call, caller: User, username: str) -> None:
    """Stop following a user."""
    follows.unfollow(call.world, caller, accounts.by_username(call.world, username))


@endpoint("GET", "/streams/users/{username}/follow", provenance="guide")
def is_following_user(call: Call, caller: User, username: str) -> IsFollowing:
    """Read whether the caller follows a user."""
    return {
        "is_following": follows.is_following(
            call.world, caller, accounts.by_username(call.world, username)
        )
    }


@endpoint("GET", "/streams/users/{username}/followers", provenance="guide")
def list_followers(call: Call, username: str, query: Page) -> FollowerPage:
    """List a user's followers, newest first."""
    users, total = follows.followers(
        call.world,
        accounts.by_username(call.world, username),
        offset=query.offset,
        count=query.per_page,
    )
    return {
        "followers": [user_card(user) for user in users],
        **query.counts(total),
    }


@endpoint("GET", "/streams/users/{username}/following", provenance="guide")
def list_following(call: Call, username: str, query: Page) -> FollowingPage:
    """List the users that a user follows, newest first."""
    users, total = follows.following(
        call.world,
        accounts.by_username(call.world, username),
        offset=query.offset,
        count=query.per_page,
    )
    return {
        "following": [user_card(user) for user in users],
        **query.counts(total),
    }
