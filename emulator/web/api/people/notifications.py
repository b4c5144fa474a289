"""`/streams/notifications/follows`: the caller's notifications."""

from typing import TypedDict

from emulator.shapes.profiles import NotificationPage, NotificationShape, notification_shapes
from emulator.web.api.models import Page
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.people import notifications
from emulator.world.people.accounts import User


class NotificationQuery(Page):
    unread_only: bool = False


class UnreadCount(TypedDict):
    count: int


class ReadAll(TypedDict):
    updated: int


@endpoint("GET", "/streams/notifications/follows", provenance="guide")
@endpoint(
    "GET", "/dashboard/notifications", provenance="guide", name="list_dashboard_notifications"
)
def list_notifications(call: Call, caller: User, query: NotificationQuery) -> NotificationPage:
    """List the caller's notifications, newest first."""
    world = call.world
    listed, total = notifications.page(
        world,
        caller,
        unread_only=query.unread_only,
        offset=query.offset,
        count=query.per_page,
    )
    return {
        "notifications": notification_shapes(world, listed),
        "unread_count": notifications.unread_count(world, caller),
        **query.counts(total),
    }


@endpoint("GET", "/streams/notifications/follows/unread-count", provenance="guide")
def count_unread_notifications(call: Call, caller: User) -> UnreadCount:
    """Count the caller's unread notifications."""
    return {"count": notifications.unread_count(call.world, caller)}


@endpoint(
    "POST",
    "/streams/notifications/follows/{notification_id}/read",
    provenance="guide",
    refuses=("forbidden",),
)
def mark_notification_read(call: Call, caller: User, notification_id: str) -> NotificationShape:
    """Mark a notification as read."""
    notification = notifications.read(call.world, caller, notification_id)
    (shape,) = notification_shapes(call.world, [notification])
    return shape


@endpoint("POST", "/streams/notifications/follows/read-all")
def mark_all_notifications_read(call: Call, caller: User) -> ReadAll:
    """Mark all of the caller's notifications as read."""
    return {"updated": notifications.read_all(call.world, caller)}
