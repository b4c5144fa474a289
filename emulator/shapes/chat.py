"""MESSAGE in both dialects, CHAT_SETTINGS, BAN, MODERATOR (contract, schemas).

A message is nested (its author as a USER_CARD) under `/api/v1`, flat under `/v1`; there
`message_type` `message` is called `chat`.
"""

from collections.abc import Callable
from typing import Literal, TypedDict

from emulator.core.events.chat import MessageType
from emulator.shapes.people import UserCard, user_card
from emulator.shapes.times import iso, iso_or_none
from emulator.world.chat.bans import Ban
from emulator.world.chat.messages import Message
from emulator.world.chat.moderators import Moderator
from emulator.world.chat.settings import ChatSettings
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

ClientMessageType = Literal["chat", "system", "subscription", "donation", "announcement", "ai"]


class Badge(TypedDict):
    type: Literal["broadcaster", "moderator", "vip", "subscriber", "verified"]
    label: str


_BADGES: dict[str, Badge] = {
    "broadcaster": {"type": "broadcaster", "label": "Broadcaster"},
    "moderator": {"type": "moderator", "label": "Moderator"},
    "vip": {"type": "vip", "label": "VIP"},
}


class NestedMessage(TypedDict):
    id: str
    stream_id: str
    user: UserCard
    content: str
    message_type: MessageType
    badges: list[Badge]
    is_deleted: bool
    created_at: str


class FlatMessage(TypedDict):
    id: str
    stream_id: str
    user_id: str | None
    username: str
    display_name: str | None
    avatar: str | None
    content: str
    message_type: ClientMessageType
    badges: list[Badge]
    is_deleted: bool
    created_at: str


class Messages(TypedDict):
    """`next_cursor` leads to the lines before these."""

    messages: list[NestedMessage]
    next_cursor: str | None
    has_more: bool


class HeldMessage(TypedDict):
    """A line that a filter keeps back: nobody sees it."""

    status: str
    code: str
    message: str


class ChatSettingsShape(TypedDict):
    slow_mode_seconds: int
    followers_only: bool
    emote_only: bool
    max_length: int
    blocked_words: list[str]
    links_allowed: bool
    ai_moderation: bool


class BanShape(TypedDict):
    id: str
    user: UserCard
    reason: str | None
    created_by: UserCard
    created_at: str
    expires_at: str | None


class Bans(TypedDict):
    bans: list[BanShape]
    total: int


class ModeratorShape(TypedDict):
    """An entry with `is_vip` is a VIP, not a moderator."""

    id: str
    user_id: str
    username: str
    display_name: str
    avatar: str | None
    is_vip: bool
    added_at: str


def nested_message(message: Message, author: User) -> NestedMessage:
    return {
        "id": message.id,
        "stream_id": message.stream_id,
        "user": user_card(author),
        "content": message.content,
        "message_type": message.message_type,
        "badges": badges(message.badges),
        "is_deleted": message.is_deleted,
        "created_at": iso(message.created_at_ms),
    }


def flat_message(message: Message, author: User) -> FlatMessage:
    return {
        "id": message.id,
        "stream_id": message.stream_id,
        "user_id": message.user_id,
        "username": message.username,
        "display_name": author.display_name,
        "avatar": author.avatar_url,
        "content": message.content,
        "message_type": message_type_of_client(message.message_type),
        "badges": badges(message.badges),
        "is_deleted": message.is_deleted,
        "created_at": iso(message.created_at_ms),
    }


def message_type_of_client(message_type: MessageType) -> ClientMessageType:
    return "chat" if message_type == "message" else message_type


def badges(types: tuple[str, ...]) -> list[Badge]:
    return [_BADGES[kind].copy() for kind in types]


def chat_settings(settings: ChatSettings) -> ChatSettingsShape:
    return {
        "slow_mode_seconds": settings.slow_mode_seconds,
        "followers_only": settings.is_followers_only,
        "emote_only": settings.is_emote_only,
        "max_length": settings.length_max,
        "blocked_words": list(settings.blocked_words),
        "links_allowed": settings.are_links_allowed,
        "ai_moderation": settings.is_ai_moderated,
    }


def ban_shape(world: World, ban: Ban, owner_pk: int) -> BanShape:
    """A BAN. If the account that made it is gone, it names the stream's owner instead."""
    by_pk = owner_pk if ban.created_by_pk is None else ban.created_by_pk
    return {
        "id": ban.id,
        "user": user_card(accounts.by_pk(world, ban.user_pk)),
        "reason": ban.reason,
        "created_by": user_card(accounts.by_pk(world, by_pk)),
        "created_at": iso(ban.created_at_ms),
        "expires_at": iso_or_none(ban.expires_at_ms),
    }


def moderator_shape(world: World, moderator: Moderator) -> ModeratorShape:
    user = accounts.by_pk(world, moderator.user_pk)
    return {
        "id": moderator.id,
        "user_id": user.id,
        "username": user.username,
        "display_name": user.display_name or user.username,
        "avatar": user.avatar_url,
        "is_vip": moderator.is_vip,
        "added_at": iso(moderator.added_at_ms),
    }


def authors(world: World) -> Callable[[str], User]:
    """Return a function that finds the author of a line, and each author only once."""
    values: dict[str, User] = {}

    def find(user_id: str) -> User:
        author = values.get(user_id)
        if author is None:
            author = values[user_id] = accounts.find(world, user_id)
        return author

    return find
