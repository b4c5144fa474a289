"""World: one test's own world, in which it makes streams and receives webhooks."""

import itertools
from functools import cached_property
from typing import TYPE_CHECKING, Any

from emulator.testing.exploring import attach
from emulator.testing.own_world import OwnWorld
from emulator.testing.platform import LiveEmulator
from emulator.testing.twins import twin

# Imported with the first use: the first line of a test does not wait for what it may never need.
if TYPE_CHECKING:
    from emulator.testing.streams import Stream
    from emulator.testing.webhooks import Webhooks

_numbers = itertools.count(1)


class World(OwnWorld):
    """One test's world. As a context manager, it is dropped at the end of the block."""

    @classmethod
    def make(
        cls, emulator: LiveEmulator, seed: str = "default", name: str | None = None
    ) -> "World":
        """Make a fresh world, with a unique name unless one is given.

        `seed` is `default`, `none` or a seed file's path.
        """
        chosen = name or f"test-{next(_numbers)}"
        worlds = emulator.emulator.worlds
        world = cls(emulator, emulator.call(lambda: worlds.make(chosen, seed)))
        attach(world)
        return world

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def create_stream(
        self, /, title: str = "A stream", owner: str = "demo", **patch: Any
    ) -> "Stream":
        """Make a new stream, offline. It is no call of an app: no fault strikes it."""
        from emulator.testing.streams import Stream

        answer = self.set_up("POST", "/streams/", {"title": title, **patch}, user=owner)
        assert answer.status == 201, answer.text
        return Stream(self, answer.json, owner)

    create_stream_async = twin(create_stream)

    @cached_property
    def webhooks(self) -> "Webhooks":
        """The receiver of this world's webhooks, which is started at the first use."""
        from emulator.testing.webhooks import Webhooks

        webhooks = Webhooks(self)
        self.when_dropped.append(webhooks.close)
        return webhooks
