"""Sow a fresh world: accounts, categories and tags from a seed that was read elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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


EMPTY = Seed(users=[{"username": "demo", "api_key": "ak_demo", "password": "demo123456"}])


def sow(world: World, seed: Seed) -> None:
    """Put the seed's entries into a world, all or none."""
    # A seed's people mostly share one password, and a hash costs 3 ms.
    hashes = {
        password: accounts.hash_password(world, password)
        for password in {entry["password"] for entry in seed.users if "password" in entry}
    }
    with world.change():
        for entry in seed.users:
            values = dict(entry)
            values["password_hash"] = hashes.get(values.pop("password", ""))
            values.setdefault("api_key", f"ak_demo_{values['username']}")
            accounts.make(world, values.pop("username"), **values)
        for entry in seed.categories:
            _sow_category(world, entry, parent_slug=None)
        for name in seed.tags:
            tags.make(world, name)


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
