"""Checks a seed file, and reports every error with its line and what to write instead.

Works on YAML nodes, which know their line. The default seed is not checked at each start, but by a
test.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import Any

import yaml
from msgspec import Struct

from emulator.core import quantities
from emulator.core.hosts import HTTP_URL
from emulator.core.quantities import duration_ms
from emulator.world.library.chapters import CHAPTERS_MAX
from emulator.world.library.clips import LENGTH_MAX_MS
from emulator.world.webhooks import targets

Check = Callable[[yaml.Node], Iterator["SeedError"]]
Schema = dict[str, Any]

# The JSON Schema of each check, of those here and of those that functions make.
_SCHEMAS: dict[Check, Schema] = {}


def schema() -> Schema:
    """The JSON Schema (2020-12) of a seed file, for editors; `check` checks more."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A live-emulator seed",
        **_SCHEMAS[_SEED],
        "$defs": {"category": _SCHEMAS[_CATEGORY]},
    }


def _described(check: Check, schema: Schema) -> Check:
    """Register the JSON Schema of a check, and return the check."""
    _SCHEMAS[check] = schema
    return check


_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
_LEVELS_MAX = 32
_VALUES_MAX = 400_000
_FOUND_MAX = 1_000
_WORD_LENGTH_MAX = 100
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class SeedError(Struct, frozen=True):
    """One error. `line` and `column` count from 1."""

    line: int
    column: int
    message: str


def check(root: yaml.Node | None) -> list[SeedError]:
    """The first thousand errors of a seed file's content, in the order of its lines."""
    if root is None:
        return []
    too_much = _too_much(root)
    if too_much:
        return [too_much]
    return sorted(islice(_SEED(root), _FOUND_MAX), key=lambda error: (error.line, error.column))


def _too_much(root: yaml.Node) -> SeedError | None:
    """The error of a file that is too large. An alias counts as large as the node it stands for."""
    count, left = 0, [(root, 0)]
    while left:
        node, level = left.pop()
        count += 1
        if level > _LEVELS_MAX:
            return at(node, f"This stands more than {_LEVELS_MAX} levels deep. Write it flatter.")
        if count > _VALUES_MAX:
            return at(node, f"A seed has at most {_VALUES_MAX} values. Write fewer.")
        if isinstance(node, yaml.SequenceNode):
            left += [(item, level + 1) for item in node.value]
        elif isinstance(node, yaml.MappingNode):
            left += [(item, level + 1) for _, item in node.value]
    return None


def at(node: yaml.Node, message: str) -> SeedError:
    return SeedError(node.start_mark.line + 1, node.start_mark.column + 1, message)


def _text(longest: int, pattern: re.Pattern[str] | None = None, like: str = "") -> Check:
    def check(node: yaml.Node) -> Iterator[SeedError]:
        if not isinstance(node, yaml.ScalarNode):
            yield at(node, "Write a text here.")
        elif not 1 <= len(node.value) <= longest:
            yield at(node, f"Write 1 to {longest} characters here, not {len(node.value)}.")
        elif pattern and not pattern.fullmatch(node.value):
            yield at(node, f"{node.value[:40]!r} is invalid. Write it like {like}.")

    # YAML may read a text as another type, such as 404 or true.
    schema: Schema = {"type": ["string", "number", "boolean"], "minLength": 1, "maxLength": longest}
    if pattern:
        schema |= {"pattern": f"^(?:{pattern.pattern})$", "examples": [like]}
    return _described(check, schema)


def _whole(most: int) -> Check:
    def check(node: yaml.Node) -> Iterator[SeedError]:
        is_whole = isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:int"
        if not is_whole or not 0 <= int(node.value.replace("_", "")) <= most:
            yield at(node, f"Write a whole number from 0 to {most} here.")

    return _described(check, {"type": "integer", "minimum": 0, "maximum": most})


def _flag(node: yaml.Node) -> Iterator[SeedError]:
    if node.tag != "tag:yaml.org,2002:bool":
        yield at(node, "Write true or false here.")


def _share(node: yaml.Node) -> Iterator[SeedError]:
    try:
        quantities.share(node.value if isinstance(node, yaml.ScalarNode) else "")
    except ValueError as error:
        yield at(node, f"{error}.")


def _duration(node: yaml.Node) -> Iterator[SeedError]:
    try:
        quantities.duration_ms(node.value if isinstance(node, yaml.ScalarNode) else "")
    except ValueError as error:
        yield at(node, f"{error}.")


def _one_of(*words: str) -> Check:
    def check(node: yaml.Node) -> Iterator[SeedError]:
        value = node.value if isinstance(node, yaml.ScalarNode) else ""
        if value not in words:
            yield at(node, f"Write one of {', '.join(words)} here{meant(value, words)}")

    return _described(check, {"enum": list(words)})


_described(_flag, {"type": "boolean"})
_described(_share, {"type": ["number", "string"], "examples": ["40%", 0.4]})
_described(_duration, {"type": ["number", "string"], "examples": ["20m", "1h30m"]})


def _list(inner: Check) -> Check:
    def check(node: yaml.Node) -> Iterator[SeedError]:
        if not isinstance(node, yaml.SequenceNode):
            yield at(node, "Write a list here: lines that begin with a dash, or [one, two].")
            return
        for item in node.value:
            yield from inner(item)

    return _described(check, {"type": "array", "items": _SCHEMAS[inner]})


def _shares(node: yaml.Node) -> Iterator[SeedError]:
    if not isinstance(node, yaml.MappingNode):
        yield at(node, "Write shares by country here, such as {US: 40%, DE: 20%}.")
        return
    for name, value in node.value:
        yield from _text(2, re.compile("[A-Z]{2}"), "DE")(name)
        yield from _share(value)


_described(
    _shares,
    {
        "type": "object",
        "propertyNames": {"pattern": "^[A-Z]{2}$"},
        "additionalProperties": _SCHEMAS[_share],
    },
)


def _entry(fields: Mapping[str, Check], required: tuple[str, ...] = ()) -> Check:
    def check(node: yaml.Node) -> Iterator[SeedError]:
        if not isinstance(node, yaml.MappingNode):
            yield at(node, f"Write names and values here, such as {next(iter(fields))}: ...")
            return
        seen = set()
        for name, value in node.value:
            if name.value in seen:
                yield at(name, f"{name.value} stands here twice. Remove one.")
            seen.add(name.value)
            if name.value in fields:
                yield from fields[name.value](value)
            else:
                yield at(name, f"{name.value} is not known here{meant(name.value, fields)}")
        for missing in required:
            if missing not in seen:
                yield at(node, f"{missing} is missing. Add a line {missing}: ...")

    return _described(
        check,
        {
            "type": "object",
            "properties": {name: _SCHEMAS[field] for name, field in fields.items()},
            "required": list(required),
            "additionalProperties": False,
        },
    )


def meant(word: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    if not known:
        return ". There are none."
    near = get_close_matches(str(word)[:_WORD_LENGTH_MAX], list(known), n=1)
    return f"; did you mean {near[0]}?" if near else f". Known are {', '.join(known)}."


_NAME = _text(50, re.compile(r"[A-Za-z0-9_.-]+"), "ada_1815")
_SLUG = _text(100, re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*"), "ai-coding")
_TIME = _text(5, _CLOCK, "09:30")
_COUNT = _whole(10_000_000)


def _category(node: yaml.Node) -> Iterator[SeedError]:
    """Check a category. It may contain categories, so the check is looked up when it is needed."""
    yield from _CATEGORY(node)


_described(_category, {"$ref": "#/$defs/category"})
_CATEGORY = _entry(
    {
        "name": _text(100),
        "slug": _SLUG,
        "description": _text(1000),
        "icon_url": _text(2000),
        "is_active": _flag,
        "aliases": _list(_SLUG),
        "children": _list(_category),
    },
    required=("name", "slug"),
)
_USER = _entry(
    {
        "username": _NAME,
        "email": _text(320, re.compile(r"[^@\s]+@[^@\s]+"), "ada@example.com"),
        "password": _text(1000),
        "api_key": _text(200),
        "display_name": _text(100),
        "bio": _text(5000),
        "role": _one_of("USER", "ADMIN", "SUPERUSER"),
        "followers": _COUNT,
        "tenant": _text(100),
        "follows": _list(_NAME),
    },
    required=("username",),
)
_LINE = _entry({"by": _NAME, "says": _text(500)}, required=("by", "says"))
_CHAPTER = _entry({"title": _text(200), "at": _duration}, required=("title", "at"))
_CLIP = _entry(
    {"title": _text(200), "by": _NAME, "at": _duration, "for": _duration, "views": _COUNT},
    required=("title", "by", "at", "for"),
)
_STREAM_FIELDS = _entry(
    {
        "owner": _NAME,
        "title": _text(200),
        "description": _text(5000),
        "category": _SLUG,
        "tags": _list(_text(50)),
        "began": _duration,
        "ran": _duration,
        "viewers": _COUNT,
        "peak": _COUNT,
        "countries": _shares,
        "signed_in": _share,
        "chat": _list(_LINE),
        "chapters": _list(_CHAPTER),
        "clips": _list(_CLIP),
    },
    required=("owner", "title", "began", "peak"),
)


def _stream(node: yaml.Node) -> Iterator[SeedError]:
    """Check a stream: its chapters must follow one another within its recording."""
    errors = list(_STREAM_FIELDS(node))
    yield from errors
    payload = {key.value: value for key, value in node.value} if not errors else {}
    yield from _clips(payload)
    chapters = payload["chapters"].value if "chapters" in payload else []
    if not chapters:
        return
    if "ran" not in payload:
        yield at(payload["chapters"], "Chapters are of a recording. Add a line ran: ...")
        return
    if len(chapters) > CHAPTERS_MAX:
        yield at(payload["chapters"], f"Write at most {CHAPTERS_MAX} chapters here.")
    last_ms, ran_ms = -1, duration_ms(payload["ran"].value)
    for chapter in chapters:
        [where] = [value for key, value in chapter.value if key.value == "at"]
        at_ms = duration_ms(where.value)
        if not last_ms < at_ms < ran_ms:
            yield at(where, f"Chapters follow each other, within {payload['ran'].value}.")
        last_ms = at_ms


_described(_stream, _SCHEMAS[_STREAM_FIELDS])


def _clips(stream: Mapping[str, yaml.Node]) -> Iterator[SeedError]:
    """Check a stream's clips: each has at most a minute, within the stream's duration."""
    if "clips" not in stream:
        return
    length = stream.get("ran", stream["began"]).value
    for node in stream["clips"].value:
        clip = {key.value: value for key, value in node.value}
        for_ms = duration_ms(clip["for"].value)
        if not 0 < for_ms <= LENGTH_MAX_MS:
            yield at(clip["for"], f"A clip is 1 to {LENGTH_MAX_MS // 1000} s long.")
        elif duration_ms(clip["at"].value) + for_ms > duration_ms(length):
            yield at(clip["at"], f"A clip lies within the stream's {length}.")


_SCHEDULE = _entry(
    {
        "user": _NAME,
        "days": _list(_one_of(*_WEEKDAYS)),
        "from": _TIME,
        "to": _TIME,
        "title": _text(200),
        "category": _SLUG,
    },
    required=("user", "days", "from", "to", "title"),
)
_WEBHOOK = _entry(
    {
        "url": _text(2000, re.compile(HTTP_URL), "http://127.0.0.1:9000/hook"),
        "events": _list(_one_of(*targets.KINDS)),
        "secret": _text(200),
    },
    required=("url",),
)
_SEED = _entry(
    {
        "users": _list(_USER),
        "categories": _list(_category),
        "tags": _list(_text(50)),
        "streams": _list(_stream),
        "schedules": _list(_SCHEDULE),
        "webhooks": _list(_WEBHOOK),
    }
)
