"""References between a seed file's entries: names that do not exist, and names used twice.

For content in which `check` has found no errors.
"""

from collections.abc import Iterator

import yaml
from msgspec import Struct, field

from emulator.core.quantities import duration_ms
from emulator.seeding.check import SeedError, at, meant
from emulator.world.people import schedules

Entry = dict[str, yaml.Node]


class _Taken(Struct):
    """Unique values, compared without upper and lower case."""

    what: str
    nodes: dict[str, yaml.Node] = field(default_factory=dict)

    def take(self, value: str, node: yaml.Node) -> Iterator[SeedError]:
        first = self.nodes.setdefault(value.lower(), node)
        if first is not node:
            line = first.start_mark.line + 1
            yield at(node, f"{self.what} {value} stands in line {line} already. Write another one.")

    def name(self, node: yaml.Node | None) -> Iterator[SeedError]:
        if node is not None and node.value.lower() not in self.nodes:
            known = {name: name for name in self.nodes}
            yield at(node, f"There is no {self.what} {node.value}{meant(node.value, known)}")


def references(root: yaml.Node) -> list[SeedError]:
    """The errors, in the order of their lines."""
    seed = _entry(root)
    users, slugs = _Taken("user"), _Taken("category")
    errors = [
        *_people(seed, users),
        *_categories(_items(seed, "categories"), slugs),
        *_tags(seed),
        *_streams(seed, users, slugs),
        *_weeks(seed, users, slugs),
    ]
    return sorted(errors, key=lambda error: (error.line, error.column))


def _people(seed: Entry, users: _Taken) -> Iterator[SeedError]:
    mails, keys = _Taken("mail address"), _Taken("API key")
    for node in _items(seed, "users"):
        user = _entry(node)
        name = user["username"].value
        yield from users.take(name, user["username"])
        for field_name, taken, usual in (
            ("email", mails, f"{name}@example.com"),
            ("api_key", keys, f"ak_demo_{name}"),
        ):
            origin = user.get(field_name, user["username"])
            yield from taken.take(origin.value if field_name in user else usual, origin)
    for node in _items(seed, "users"):
        user = _entry(node)
        followed = _Taken(f"whom {user['username'].value} follows,")
        for other in _items(user, "follows"):
            yield from users.name(other)
            yield from followed.take(other.value, other)
            if other.value.lower() == user["username"].value.lower():
                yield at(other, "Nobody follows themselves. Remove it.")


def _categories(nodes: list[yaml.Node], slugs: _Taken) -> Iterator[SeedError]:
    for node in nodes:
        category = _entry(node)
        yield from slugs.take(category["slug"].value, category["slug"])
        for alias in _items(category, "aliases"):
            yield from slugs.take(alias.value, alias)
        yield from _categories(_items(category, "children"), slugs)


def _tags(seed: Entry) -> Iterator[SeedError]:
    taken = _Taken("tag")
    for node in _items(seed, "tags"):
        yield from taken.take(node.value, node)


def _streams(seed: Entry, users: _Taken, slugs: _Taken) -> Iterator[SeedError]:
    for node in _items(seed, "streams"):
        stream = _entry(node)
        yield from users.name(stream["owner"])
        yield from slugs.name(stream.get("category"))
        for line in _items(stream, "chat"):
            yield from users.name(_entry(line)["by"])
        for clip in _items(stream, "clips"):
            yield from users.name(_entry(clip)["by"])
        ran, began = stream.get("ran"), stream["began"]
        if ran is not None and duration_ms(ran.value) > duration_ms(began.value):
            yield at(ran, f"It began {began.value} ago, so it ran for at most that long.")
        viewers, peak = stream.get("viewers"), stream["peak"]
        if viewers is not None and int(viewers.value) > int(peak.value):
            yield at(viewers, f"Its peak is {peak.value}, so at most that many watch now.")


def _weeks(seed: Entry, users: _Taken, slugs: _Taken) -> Iterator[SeedError]:
    taken: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for node in _items(seed, "schedules"):
        entry = _entry(node)
        yield from users.name(entry["user"])
        yield from slugs.name(entry.get("category"))
        start, end = (schedules.minutes_of(entry[name].value) for name in ("from", "to"))
        if end <= start:
            yield at(entry["to"], f"Write a time after {entry['from'].value} here.")
        for day in entry["days"].value:
            spans = taken.setdefault((entry["user"].value.lower(), day.value), [])
            if any(start < other_end and other_start < end for other_start, other_end in spans):
                yield at(day, f"{entry['user'].value} has something else on {day.value} then.")
            spans.append((start, end))


def _entry(node: yaml.Node) -> Entry:
    return {key.value: value for key, value in node.value}


def _items(entry: Entry, name: str) -> list[yaml.Node]:
    node = entry.get(name)
    return node.value if isinstance(node, yaml.SequenceNode) else []
