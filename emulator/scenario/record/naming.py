"""Naming: gives scenario names to streams and people, of which a recording has only the ids."""

import re

from emulator.core.errors import Refused
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.world import World

_NO_WORD = re.compile(r"[^a-z0-9]+")
_LENGTH_MAX = 24


class Naming:
    """The names in a recording.

    It looks in the world as it is at the end of the recording: a deleted thing has no name.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._streams: dict[str, str | None] = {}
        self._users: dict[str, str | None] = {}
        # The streams and users that the scenario mentions, in the order in which it does.
        self.streams: dict[str, Stream] = {}
        self.users: list[str] = []

    def stream(self, stream_id: str) -> str | None:
        """Return a short name made from the stream's title; None if the stream is gone."""
        if stream_id not in self._streams:
            self._streams[stream_id] = self._named(stream_id)
        return self._streams[stream_id]

    def user(self, user_id: str) -> str | None:
        """Return the user's username; None if the user is gone."""
        if user_id not in self._users:
            try:
                username = accounts.find(self._world, user_id).username
            except Refused:
                self._users[user_id] = None
            else:
                self._users[user_id] = username
                self.know(username)
        return self._users[user_id]

    def know(self, username: str) -> None:
        """Remember a user that the scenario mentions."""
        if username not in self.users:
            self.users.append(username)

    def owner(self, stream: Stream) -> str:
        username = accounts.by_pk(self._world, stream.user_pk).username
        self.know(username)
        return username

    def _named(self, stream_id: str) -> str | None:
        try:
            stream = streams.find(self._world, stream_id)
        except Refused:
            return None
        word = _NO_WORD.sub("_", stream.title.casefold()).strip("_")[:_LENGTH_MAX].strip("_")
        name, number = word or "stream", 1
        while name in self.streams:
            number += 1
            name = f"{word or 'stream'}_{number}"
        self.streams[name] = stream
        return name
