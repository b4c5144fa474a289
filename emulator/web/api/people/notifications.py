"""`/streams/notifications/follows`: what the caller is told of others."""

from typing import TypedDict

from emulator.shapes.profiles import NotificationPage, NotificationShape, notification_shapes
from emulator.web.api.models import Page
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.people import notifications

_PATH = "/streams/notifications/follows"


class NotificationQuery(Page):
    unread_only: bool = False


class UnreadCount(TypedDict):
    count: int


class ReadAll(TypedDict):
    updated: int


def page(call: Call) -> NotificationPage:
    """List the caller's notifications, the newest first."""
    world, query = call.world, call.query_as(NotificationQuery)
    found, total = notifications.page(
        world,
        call.user,
        unread_only=query.unread_only,
        offset=query.offset,
        count=query.per_page,
    )
    return {
        "notifications": notification_shapes(world, found),
        "total": total,
        "unread_count": notifications.unread_count(world, call.user),
        "page": query.page,
        "per_page": query.per_page,
        "has_more": query.has_more(total),
    }


def unread_count(call: Call) -> UnreadCount:
    """Count the caller's unread notifications."""
    return {"count": notifications.unread_count(call.world, call.user)}


def read(call: Call) -> NotificationShape:
    """Mark a notification as read."""
    notification = notifications.read(call.world, call.user, call.path["notification_id"])
    (shape,) = notification_shapes(call.world, [notification])
    return shape


def read_all(call: Call) -> ReadAll:
    """Mark all of the caller's notifications as read."""
    return {"updated": notifications.read_all(call.world, call.user)}


OPERATIONS = [
    Operation(
        method="GET",
        path=_PATH,
        auth="user",
        answer=page,
        query=NotificationQuery,
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="GET",
        path=f"{_PATH}/unread-count",
        auth="user",
        answer=unread_count,
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="POST",
        path=f"{_PATH}/{{notification_id}}/read",
        auth="user",
        answer=read,
        refuses=("forbidden", "not_found"),
        provenance="guide",
    ),
    Operation(
        method="POST",
        path=f"{_PATH}/read-all",
        auth="user",
        answer=read_all,
        provenance="assumed",
    ),
]
