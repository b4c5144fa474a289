"""`/streams/{stream_id}/chat`: read, post and delete messages."""

from functools import partial

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
from emulator.web.errors import Invalid, error_detail
from emulator.web.http.answers import Other
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.web.http.turns import change_in_turn
from emulator.world.chat import messages
from emulator.world.live import streams
from emulator.world.people.accounts import User

# The most that CHAT_SETTINGS may allow; the world checks the room's own `max_length`.
LENGTH_MAX = 4000
# The socket sends as many at joining.
HISTORY_COUNT = 50


class ChatPost(Request):
    content: str = Field(min_length=1, max_length=LENGTH_MAX)


class ChatQuery(Request):
    limit: int = Field(HISTORY_COUNT, ge=1, le=100)


class HistoryQuery(ChatQuery):
    """`before` is a cursor, a message id or a time; `cursor` is the `next_cursor` of a page."""

    cursor: str | None = Field(None, min_length=1, max_length=100)
    before: str | None = Field(None, min_length=1, max_length=100)


@endpoint("GET", "/streams/{stream_id}/chat", provenance="guide")
def list_chat_messages(
    call: Call, caller: User | None, stream_id: str, query: ChatQuery
) -> Messages | list[FlatMessage]:
    """Read the newest lines of a chat, newest last."""
    return _page(call, caller, stream_id, query.limit, None)


@endpoint("GET", "/streams/{stream_id}/chat/history", provenance="documented", refuses=("invalid",))
def get_chat_history(
    call: Call, caller: User | None, stream_id: str, query: HistoryQuery
) -> Messages | list[FlatMessage]:
    """Read older lines of a chat: those before a cursor, an id or a time, newest last."""
    try:
        return _page(call, caller, stream_id, query.limit, query.cursor or query.before)
    except Refused as refused:
        if refused.code != "invalid":
            raise
        name = "cursor" if query.cursor else "before"
        raise Invalid([error_detail(("query", name), "invalid", refused.message)]) from refused


@endpoint(
    "POST",
    "/streams/{stream_id}/chat",
    provenance="guide",
    status=201,
    also=(202,),
    refuses=("forbidden", "conflict", "rate_limited"),
)
async def post_chat_message(
    call: Call, caller: User, stream_id: str, body: ChatPost
) -> NestedMessage | FlatMessage | Other:
    """Post a message to a chat."""
    stream = streams.find_for(call.world, stream_id, caller)
    try:
        line = await change_in_turn(
            call.world, partial(messages.post, call.world, stream.id, caller, body.content)
        )
    except Refused as refused:
        if refused.code != "invalid":
            raise
        kind = refused.details["chat_code"]
        raise Invalid([error_detail(("body", "content"), kind, refused.message)]) from refused
    if isinstance(line, ChatHeld):
        held: HeldMessage = {"status": "held", "code": "blocked", "message": line.reason}
        return Other(202, held)
    shape = nested_message if call.dialect == "documented" else flat_message
    return shape(messages.as_posted(line), caller)


@endpoint(
    "DELETE", "/streams/{stream_id}/chat/{message_id}", provenance="guide", refuses=("forbidden",)
)
def delete_chat_message(call: Call, caller: User, stream_id: str, message_id: str) -> None:
    """Delete a message: one's own, or anybody's as a moderator."""
    messages.delete(call.world, streams.find_for(call.world, stream_id, caller), message_id, caller)


@endpoint("DELETE", "/streams/{stream_id}/chat", refuses=("forbidden",))
def clear_chat(call: Call, caller: User, stream_id: str) -> None:
    """Delete all messages of a chat."""
    messages.clear(call.world, streams.find_for(call.world, stream_id, caller), caller)


def _page(
    call: Call, caller: User | None, stream_id: str, count: int, before: str | None
) -> Messages | list[FlatMessage]:
    listed, cursor = messages.page(
        call.world,
        streams.find_for(call.world, stream_id, caller),
        caller,
        count=count,
        before=before,
    )
    author = authors(call.world)
    if call.dialect == "client":
        return [flat_message(message, author(message.user_id)) for message in listed]
    return {
        "messages": [nested_message(message, author(message.user_id)) for message in listed],
        "next_cursor": cursor,
        "has_more": cursor is not None,
    }
