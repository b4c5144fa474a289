"""`/streams/{stream_id}/chat`: read what was said, say something, take it back."""

from pydantic import Field

from emulator.core.errors import Refused
from emulator.core.events.chat import ChatHeld
from emulator.shapes.chat import (
    FlatMessage,
    HeldMessage,
    Messages,
    NestedMessage,
    authors,
    flat_message,
    nested_message,
)
from emulator.web.api.models import Request
from emulator.web.errors import Invalid, mistake
from emulator.web.http.answers import Other
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.chat import messages
from emulator.world.live import streams
from emulator.world.live.streams import Stream

# CHAT_SETTINGS may allow as much; the room's own `max_length` is asked by the world.
LENGTH_MAX = 4000
# What the socket sends at joining, too.
HISTORY_COUNT = 50


class ChatPost(Request):
    content: str = Field(min_length=1, max_length=LENGTH_MAX)


class ChatQuery(Request):
    limit: int = Field(HISTORY_COUNT, ge=1, le=100)


class HistoryQuery(ChatQuery):
    """`before` is a cursor, a message's id or a time; `cursor` is `next_cursor` of a page."""

    cursor: str | None = Field(None, min_length=1, max_length=100)
    before: str | None = Field(None, min_length=1, max_length=100)


def newest(call: Call) -> Messages | list[FlatMessage]:
    """Read the newest lines of a chat, the newest last."""
    return _page(call, call.query_as(ChatQuery).limit, None)


def history(call: Call) -> Messages | list[FlatMessage]:
    """Read back in a chat: the lines before a cursor, an id or a time, the newest last."""
    query = call.query_as(HistoryQuery)
    try:
        return _page(call, query.limit, query.cursor or query.before)
    except Refused as refused:
        if refused.code != "invalid":
            raise
        name = "cursor" if query.cursor else "before"
        raise Invalid([mistake(("query", name), "invalid", refused.message)]) from refused


def post(call: Call) -> NestedMessage | FlatMessage | Other:
    """Say something in a chat."""
    stream = _stream(call)
    try:
        line = messages.post(call.world, stream.id, call.user, call.body_as(ChatPost).content)
    except Refused as refused:
        if refused.code != "invalid":
            raise
        kind = refused.details["chat_code"]
        raise Invalid([mistake(("body", "content"), kind, refused.message)]) from refused
    if isinstance(line, ChatHeld):
        held: HeldMessage = {"status": "held", "code": "blocked", "message": line.reason}
        return Other(202, held)
    shape = nested_message if call.dialect == "documented" else flat_message
    return shape(messages.as_posted(line), call.user)


def delete(call: Call) -> None:
    """Take a line away: one's own, or as a moderator anybody's."""
    messages.delete(call.world, _stream(call), call.path["message_id"], call.user)


def clear(call: Call) -> None:
    """Take every line of a chat away."""
    messages.clear(call.world, _stream(call), call.user)


def _stream(call: Call) -> Stream:
    return streams.find_for(call.world, call.path["stream_id"], call.caller)


def _page(call: Call, count: int, before: str | None) -> Messages | list[FlatMessage]:
    found, cursor = messages.page(
        call.world, _stream(call), call.caller, count=count, before=before
    )
    author = authors(call.world)
    if call.dialect == "client":
        return [flat_message(message, author(message.user_id)) for message in found]
    return {
        "messages": [nested_message(message, author(message.user_id)) for message in found],
        "next_cursor": cursor,
        "has_more": cursor is not None,
    }


OPERATIONS = [
    Operation(
        method="GET",
        path="/streams/{stream_id}/chat",
        auth="public",
        answer=newest,
        query=ChatQuery,
        refuses=("not_found",),
        provenance="guide",
    ),
    Operation(
        method="GET",
        path="/streams/{stream_id}/chat/history",
        auth="public",
        answer=history,
        query=HistoryQuery,
        refuses=("not_found", "invalid"),
        provenance="documented",
    ),
    Operation(
        method="POST",
        path="/streams/{stream_id}/chat",
        auth="user",
        answer=post,
        body=ChatPost,
        status=201,
        also=(202,),
        refuses=("forbidden", "not_found", "conflict", "rate_limited"),
        provenance="guide",
    ),
    Operation(
        method="DELETE",
        path="/streams/{stream_id}/chat/{message_id}",
        auth="user",
        answer=delete,
        status=204,
        refuses=("forbidden", "not_found"),
        provenance="guide",
    ),
    Operation(
        method="DELETE",
        path="/streams/{stream_id}/chat",
        auth="user",
        answer=clear,
        status=204,
        refuses=("forbidden", "not_found"),
        provenance="assumed",
    ),
]
