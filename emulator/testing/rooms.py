"""Chat: a stream's chat, in which a test posts lines as other users."""

from typing import Any

from emulator.core.events.chat import ChatPosted
from emulator.testing.own_world import OwnWorld
from emulator.testing.twins import twin
from emulator.world.chat import bans, messages, settings
from emulator.world.live import streams
from emulator.world.people import accounts


class Chat:
    """The chat of one stream."""

    def __init__(self, world: OwnWorld, stream_id: str, owner: str) -> None:
        self._world = world
        self._stream_id, self._owner = stream_id, owner

    def say(self, content: str, by: str = "viewer") -> bool:
        """Post a line as a user. Returns whether it is visible, or was held back by a filter.

        Raises `Refused` if the chat's rules do not allow it.
        """
        self._world.key_of(by)
        posted = self._world.call(
            lambda facts: messages.post(
                facts, self._stream_id, accounts.by_username(facts, by), content
            )
        )
        return isinstance(posted, ChatPosted)

    def flood(self, count: int, authors: int = 10) -> None:
        """Post `count` lines at once, by `viewer1`, `viewer2` and so on in turn."""
        names = [f"viewer{number + 1}" for number in range(authors)]
        for name in names:
            self._world.key_of(name)

        def say_all(facts: Any) -> None:
            people = [accounts.by_username(facts, name) for name in names]
            with facts.change():
                for number in range(count):
                    author = people[number % authors]
                    messages.post(facts, self._stream_id, author, f"line {number + 1}")

        self._world.call(say_all)

    def lines(self) -> list[tuple[str, str]]:
        """The last hundred visible lines, oldest first."""

        def read(facts: Any) -> list[tuple[str, str]]:
            stream = streams.find(facts, self._stream_id)
            listed, _ = messages.page(facts, stream, None, count=100)
            return [
                (accounts.find(facts, message.user_id).username, message.content)
                for message in listed
            ]

        return self._world.call(read)

    def settings(self, /, **patch: Any) -> None:
        """Change the chat's rules, by the names of `emulator.world.chat.settings.ChatSettings`."""

        def change(facts: Any) -> None:
            stream = streams.find(facts, self._stream_id)
            owner = accounts.by_username(facts, self._owner)
            settings.change(facts, stream, owner, patch)

        self._world.call(change)

    def ban(self, username: str, seconds: int | None = None) -> None:
        """Ban a user, for `seconds` or without end."""
        self._world.key_of(username)

        def ban(facts: Any) -> None:
            stream = streams.find(facts, self._stream_id)
            owner = accounts.by_username(facts, self._owner)
            whom = accounts.by_username(facts, username)
            bans.add(facts, stream, owner, whom, reason=None, duration_seconds=seconds)

        self._world.call(ban)

    say_async = twin(say)
    flood_async = twin(flood)
    lines_async = twin(lines)
    settings_async = twin(settings)
    ban_async = twin(ban)
