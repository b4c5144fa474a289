"""`chat.settings`, `delete`, `clear`, `ban`, `unban`, moderators: moderation of a room."""

from collections.abc import Awaitable
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from emulator.core.errors import Refused
from emulator.scenario.actions.action import Action
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.values.kinds import Duration, Line, StreamRef, Text, UserRef
from emulator.world.chat import bans, messages, moderators, settings
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.people.accounts import User


def _by(context: RunContext, stream: Stream, name: str | None) -> User:
    """The user of this name; without one, the stream's owner."""
    return context.user(name) if name else accounts.by_pk(context.world, stream.user_pk)


class ChatSettings(Action):
    """Change a room's settings. Settings that are not given stay; `slow_mode: 0` turns it off."""

    name: ClassVar[str] = "chat.settings"
    example: ClassVar[str] = "chat.settings: {stream: launch, slow_mode: 5s}"

    stream: StreamRef
    by: UserRef | None = None
    slow_mode: Duration | None = None
    followers_only: bool | None = None
    emote_only: bool | None = None
    max_length: Annotated[int, Field(ge=1, le=2_000)] | None = None
    blocked_words: Annotated[list[Line], Field(max_length=1_000)] | None = None
    links: bool | None = None
    ai_moderation: bool | None = None

    def run(self, context: RunContext) -> None:
        stream = context.stream(self.stream)
        payload = {
            "slow_mode_seconds": None if self.slow_mode is None else -(-self.slow_mode // 1000),
            "is_followers_only": self.followers_only,
            "is_emote_only": self.emote_only,
            "length_max": self.max_length,
            "blocked_words": None if self.blocked_words is None else tuple(self.blocked_words),
            "are_links_allowed": self.links,
            "is_ai_moderated": self.ai_moderation,
        }
        patch = {name: value for name, value in payload.items() if value is not None}
        settings.change(context.world, stream, _by(context, stream, self.by), patch)


class ChatDelete(Action):
    """Delete the last line, the last of a user (`of`), or the last with this text (`says`).

    With `which: all` all such lines. With `real` over the moderator's socket.
    """

    name: ClassVar[str] = "chat.delete"
    example: ClassVar[str] = "chat.delete: {stream: launch, says: Hello!}"
    before: ClassVar[tuple[str, ...]] = ("chat.say: {stream: launch, by: bob, says: Hello!}",)

    stream: StreamRef
    of: UserRef | None = None
    says: Line | None = None
    which: Literal["last", "all"] = "last"
    by: UserRef | None = None
    real: bool = False

    def run(self, context: RunContext) -> Awaitable[None] | None:
        stream = context.stream(self.stream)
        by = _by(context, stream, self.by)
        ids = self._ids(context, stream)
        if self.real:
            from emulator.scenario.actions.chat.over_sockets import delete

            return delete(context, stream.id, by.username, ids)
        with context.world.change():
            for message_id in ids:
                messages.delete(context.world, stream, message_id, by)
        return None

    def _ids(self, context: RunContext, stream: Stream) -> list[str]:
        of_pk = context.user(self.of).pk if self.of else None
        says = None if self.says is None else context.run.fill(self.says)
        rows = context.world.store.rows(
            "SELECT id FROM messages WHERE stream_row = ? AND is_deleted = 0"
            " AND (? IS NULL OR user_row = ?) AND (? IS NULL OR content = ?)"
            " ORDER BY row DESC LIMIT ?",
            stream.pk,
            of_pk,
            of_pk,
            says,
            says,
            1 if self.which == "last" else -1,
        )
        if not rows:
            raise Refused("not_found", "There is no such line in this chat.")
        return [row["id"] for row in rows]


class ChatClear(Action):
    """Delete all lines of a room."""

    name: ClassVar[str] = "chat.clear"
    example: ClassVar[str] = "chat.clear: {stream: launch}"
    shorthand: ClassVar[str] = "stream"

    stream: StreamRef
    by: UserRef | None = None

    def run(self, context: RunContext) -> None:
        stream = context.stream(self.stream)
        messages.clear(context.world, stream, _by(context, stream, self.by))


class ChatBan(Action):
    """Ban a user from a room, for good or, with `time_out`, for some time."""

    name: ClassVar[str] = "chat.ban"
    example: ClassVar[str] = "chat.ban: {stream: launch, user: bob, time_out: 10m}"

    stream: StreamRef
    user: UserRef
    by: UserRef | None = None
    time_out: Duration | None = None
    reason: Text | None = None

    def run(self, context: RunContext) -> None:
        stream = context.stream(self.stream)
        bans.add(
            context.world,
            stream,
            _by(context, stream, self.by),
            context.user(self.user),
            reason=self.reason,
            duration_seconds=None if self.time_out is None else max(1, self.time_out // 1000),
        )


class ChatUnban(Action):
    """Lift a user's ban."""

    name: ClassVar[str] = "chat.unban"
    example: ClassVar[str] = "chat.unban: {stream: launch, user: bob}"
    before: ClassVar[tuple[str, ...]] = ("chat.ban: {stream: launch, user: bob}",)

    stream: StreamRef
    user: UserRef
    by: UserRef | None = None

    def run(self, context: RunContext) -> None:
        stream = context.stream(self.stream)
        bans.lift(context.world, stream, _by(context, stream, self.by), context.user(self.user))


class ChatModerator(Action):
    """Make a user a moderator of a room, or a VIP."""

    name: ClassVar[str] = "chat.moderator"
    example: ClassVar[str] = "chat.moderator: {stream: launch, user: bob}"

    stream: StreamRef
    user: UserRef
    vip: bool = False

    def run(self, context: RunContext) -> None:
        stream = context.stream(self.stream)
        moderators.add(context.world, stream, context.user(self.user), is_vip=self.vip)


class ChatRemoveModerator(Action):
    """Remove a room's moderator, or VIP."""

    name: ClassVar[str] = "chat.remove_moderator"
    example: ClassVar[str] = "chat.remove_moderator: {stream: launch, user: bob}"
    before: ClassVar[tuple[str, ...]] = (ChatModerator.example,)

    stream: StreamRef
    user: UserRef

    def run(self, context: RunContext) -> None:
        stream, user = context.stream(self.stream), context.user(self.user)
        for moderator in moderators.of(context.world, stream):
            if moderator.user_pk == user.pk:
                moderators.remove(context.world, stream, moderator)
                return
        raise Refused("not_found", f"{self.user} is neither a moderator nor a VIP of this chat.")
