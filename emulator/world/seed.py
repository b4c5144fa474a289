"""Sow a fresh world: who lives there and what has happened, from a seed that was read elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.core.clock import ManualClock
from emulator.world.live import categories, tags
from emulator.world.people import accounts
from emulator.world.world import World

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seed:
    """What is true at a world's beginning. The entries are as in `fixtures/seed.yaml`."""

    users: Sequence[Entry] = field(default_factory=list)
    categories: Sequence[Entry] = field(default_factory=list)
    tags: Sequence[str] = field(default_factory=list)
    streams: Sequence[Entry] = field(default_factory=list)
    schedules: Sequence[Entry] = field(default_factory=list)

    @property
    def length_ms(self) -> int:
        """How long before the opening its story begins."""
        from emulator.world import story  # Late: a start on a kept world tells no story.

        return story.length_ms(self.streams)


EMPTY = Seed(users=[{"username": "demo", "api_key": "ak_demo", "password": "demo123456"}])


def sow(world: World, seed: Seed, clock: ManualClock | None = None) -> None:
    """Put the seed's people, categories and tags into a world, all or none; then tell its story.

    The story needs the world's `clock` to run through it; it ends `length_ms` later.
    """
    # A seed's people mostly share one password, and a hash costs 3 ms.
    hashes = {
        password: accounts.hash_password(world, password)
        for password in {entry["password"] for entry in seed.users if "password" in entry}
    }
    tenants = {name: world.ids.uuid() for name in _tenants(seed)}
    with world.change():
        for entry in seed.users:
            values = dict(entry)
            values.pop("follows", None)
            if "tenant" in values:
                values["tenant_id"] = tenants[values.pop("tenant")]
            values["password_hash"] = hashes.get(values.pop("password", ""))
            values.setdefault("api_key", f"ak_demo_{values['username']}")
            accounts.make(world, values.pop("username"), **values)
        for entry in seed.categories:
            _sow_category(world, entry, parent_slug=None)
        for name in seed.tags:
            tags.make(world, name)
    if seed.streams:
        if clock is None:
            raise ValueError("a seed with streams needs a clock that can be moved")
        from emulator.world import story

        story.tell(world, clock, seed.streams)


def _tenants(seed: Seed) -> list[str]:
    """The names of the organisations that users belong to, each once."""
    return list(dict.fromkeys(entry["tenant"] for entry in seed.users if "tenant" in entry))


def _sow_category(world: World, entry: Entry, parent_slug: str | None) -> None:
    values = dict(entry)
    children = values.pop("children", ())
    categories.make(
        world,
        values.pop("name"),
        values["slug"],
        parent_slug=parent_slug,
        **{key: value for key, value in values.items() if key != "slug"},
    )
    for child in children:
        _sow_category(world, child, parent_slug=entry["slug"])
