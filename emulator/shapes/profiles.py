"""PROFILE, FOLLOW and NOTIFICATION (contract, schemas)."""

from collections.abc import Sequence
from typing import TypedDict

from emulator.shapes.addresses import Addresses
from emulator.shapes.live import StreamView, stream_view
from emulator.shapes.pages import PageShape
from emulator.shapes.people import Person, UserCard, person
from emulator.shapes.times import iso
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.people.follows import Follow
from emulator.world.people.notifications import Notification, NotificationType
from emulator.world.people.profiles import Profile
from emulator.world.world import World


class ProfileShape(Person):
    """`full_name` is the display name: both names are read by clients."""

    full_name: str | None
    banner_url: str | None
    total_streams: int
    total_views: int
    current_stream: StreamView | None


class OwnProfile(ProfileShape):
    email: str


class LiveShape(TypedDict):
    is_live: bool
    stream: StreamView | None


class FollowShape(TypedDict):
    id: str
    follower_id: str
    followed_id: str
    created_at: str


class IsFollowing(TypedDict):
    is_following: bool


class FollowerPage(PageShape):
    followers: list[UserCard]


class FollowingPage(PageShape):
    following: list[UserCard]


class NotificationShape(TypedDict):
    """`follower_*` is the user it is about: a new follower, or one that went live."""

    id: str
    type: NotificationType
    follower_id: str
    follower_username: str
    follower_avatar: str | None
    stream_id: str | None
    is_read: bool
    created_at: str


class NotificationPage(PageShape):
    """`total` counts what is listed, `unread_count` all that is unread."""

    notifications: list[NotificationShape]
    unread_count: int


def profile_shape(
    world: World, addresses: Addresses, profile: Profile, viewer: User | None
) -> ProfileShape:
    """A profile as this viewer sees it, without the mail address."""
    user, stream = profile.user, profile.current_stream
    return {
        **person(user),
        "full_name": user.display_name,
        "banner_url": user.banner_url,
        "total_streams": profile.streams,
        "total_views": profile.views,
        "current_stream": None if stream is None else stream_view(world, addresses, stream, viewer),
    }


def own_profile(world: World, addresses: Addresses, profile: Profile) -> OwnProfile:
    """A profile as its owner sees it: with the mail address."""
    return {**profile_shape(world, addresses, profile, profile.user), "email": profile.user.email}


def follow_shape(follow: Follow) -> FollowShape:
    return {
        "id": follow.id,
        "follower_id": follow.follower_id,
        "followed_id": follow.followed_id,
        "created_at": iso(follow.created_at_ms),
    }


def notification_shapes(
    world: World, notifications: Sequence[Notification]
) -> list[NotificationShape]:
    """Many notifications. The users that they are about are read together."""
    actors = accounts.by_pks(world, {notification.actor_pk for notification in notifications})
    return [
        {
            "id": notification.id,
            "type": notification.type,
            "follower_id": actors[notification.actor_pk].id,
            "follower_username": actors[notification.actor_pk].username,
            "follower_avatar": actors[notification.actor_pk].avatar_url,
            "stream_id": notification.stream_id,
            "is_read": notification.is_read,
            "created_at": iso(notification.created_at_ms),
        }
        for notification in notifications
    ]
