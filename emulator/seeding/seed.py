"""Seed: fills a fresh world with a seed's accounts and history. `file` reads the seed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from emulator.core.clock import ManualClock
from emulator.world.auth import passwords
from emulator.world.live import categories, tags
from emulator.world.people import accounts, follows, images, schedules
from emulator.world.webhooks import targets
from emulator.world.world import World

Entry = Mapping[str, Any]


class Seed(Struct, frozen=True):
    """The content of a seed file. Its entries are as in `fixtures/seed.yaml`."""

    users: Sequence[Entry] = field(default_factory=list)
    categories: Sequence[Entry] = field(default_factory=list)
    tags: Sequence[str] = field(default_factory=list)
    streams: Sequence[Entry] = field(default_factory=list)
    schedules: Sequence[Entry] = field(default_factory=list)
    webhooks: Sequence[Entry] = field(default_factory=list)

    @property
    def length_ms(self) -> int:
        """The time from the history's beginning to the world's opening."""
        from emulator.seeding import history  # Late: most starts make no history.

        return history.length_ms(self.streams)


_DEMO = {"username": "demo", "api_key": "ak_demo", "password": "demo123456"}
# An admin, since nobody else could make the first category or upload to a tenant.
EMPTY = Seed(users=[{**_DEMO, "role": "ADMIN", "tenant": "demo"}])


def apply_seed(world: World, seed: Seed, clock: ManualClock | None = None) -> None:
    """Add the seed's people, categories and tags to a world, all or none; then make its history.

    The history moves the world's `clock`, which stands `length_ms` later afterwards.
    """
    with world.change():
        _apply_people(world, seed)
        for entry in seed.categories:
            _apply_category(world, entry, parent_slug=None)
        for name in seed.tags:
            tags.make(world, name)
        for entry in seed.schedules:
            _apply_schedule(world, entry)
        for entry in seed.webhooks:
            targets.add(
                world, entry["url"], tuple(entry.get("events", ())), entry.get("secret", "")
            )
    if seed.streams:
        if clock is None:
            raise ValueError("a seed with streams needs a clock that can be moved")
        from emulator.seeding import history

        history.tell(world, clock, seed.streams)


def _apply_people(world: World, seed: Seed) -> None:
    # Most users share one password, and a hash takes 3 ms.
    known = dict.fromkeys(entry["password"] for entry in seed.users if "password" in entry)
    hashes = {password: passwords.hashed(world, password) for password in known}
    tenants = {name: world.ids.uuid() for name in _tenants(seed)}
    named = Counter(name for entry in seed.users for name in entry.get("follows", ()))
    for entry in seed.users:
        values = {name: value for name, value in entry.items() if name != "follows"}
        # Followers that are named count among the given number.
        promised = values.pop("followers", 0)
        values["followers_base"] = max(0, promised - named[values["username"]])
        if "tenant" in values:
            values["tenant_id"] = tenants[values.pop("tenant")]
        values["password_hash"] = hashes.get(values.pop("password", ""))
        values.setdefault("api_key", f"ak_demo_{values['username']}")
        values["avatar_url"] = images.initial_path(values["username"])
        accounts.make(world, values.pop("username"), **values)
    for entry in seed.users:
        follower = accounts.by_username(world, entry["username"])
        for name in entry.get("follows", ()):
            follows.follow(world, follower, accounts.by_username(world, name))


def _tenants(seed: Seed) -> list[str]:
    """The names of the organisations of users, each once."""
    return list(dict.fromkeys(entry["tenant"] for entry in seed.users if "tenant" in entry))


def _apply_schedule(world: World, entry: Entry) -> None:
    category = entry.get("category")
    for day in entry["days"]:
        schedules.make(
            world,
            accounts.by_username(world, entry["user"]),
            day_of_week=schedules.DAY_NAMES.index(day.capitalize()),
            start_minute=schedules.minutes_of(entry["from"]),
            end_minute=schedules.minutes_of(entry["to"]),
            title=entry["title"],
            category_id=categories.by_slug(world, category).id if category else None,
        )


def _apply_category(world: World, entry: Entry, parent_slug: str | None) -> None:
    values = dict(entry)
    children, aliases = values.pop("children", ()), values.pop("aliases", ())
    categories.make(
        world,
        values.pop("name"),
        values["slug"],
        parent_slug=parent_slug,
        **{key: value for key, value in values.items() if key != "slug"},
    )
    for alias in aliases:
        categories.add_alias(world, entry["slug"], alias)
    for child in children:
        _apply_category(world, child, parent_slug=entry["slug"])
