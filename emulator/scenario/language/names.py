"""Names: checks that the things that a scenario names exist in it or in the seed."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from msgspec import Struct, field
from pydantic import BaseModel

from emulator.scenario.facts import conditions, registry
from emulator.scenario.language import happenings
from emulator.scenario.language.errors import InputError, ended, meant
from emulator.scenario.language.scenario import On
from emulator.scenario.language.tree import Node
from emulator.scenario.language.values.kinds import Noun, Ref

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Names(Struct):
    """The names that a scenario may use, by noun."""

    streams: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    vods: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)
    saved: set[str] = field(default_factory=set)
    steps: set[str] = field(default_factory=set)

    def of(self, noun: Noun) -> set[str]:
        values = {
            "stream": self.streams,
            "user": self.users,
            "category": self.categories,
            "vod": self.vods | self.streams,
        }
        return values[noun]


def check(model: BaseModel, node: Node, names: Names, errors: list[InputError]) -> None:
    """Add an error for every reference in `model` to something that does not exist."""
    for path, noun, value in references(model):
        if isinstance(value, dict):
            noun, value = "user", next(iter(value.values()))
        known = names.of(noun)
        if value not in known and not (noun != "category" and _UUID.fullmatch(value)):
            text = f"There is no {noun} {value}{meant(value, known)}"
            errors.append(node.at(path).error(f"unknown-{noun}", text))


def check_path(path: str, raw: Any, node: Node, names: Names, errors: list[InputError]) -> None:
    """Add an error if an expectation names something that never exists."""
    try:
        _, middle, name = registry.find(path)
    except ValueError:
        return  # This error was added when the expectation was read.
    if middle == "event":
        where, _ = conditions.split(raw)
        check_filter(On(name, where), node.at(("where",)), names, errors)
        return
    if middle == "saved":
        known, what = names.saved, "saved value"
    elif middle == "step":
        known, what = names.steps, "step"
    elif middle in ("stream", "user", "vod"):
        known, what = names.of(middle), middle
    else:
        return
    if name not in known:
        text = f"{path}: there is no {what} {name}{meant(name, known)}"
        errors.append(node.error(f"unknown-{middle}", text))


def check_filter(on: On, node: Node, names: Names, errors: list[InputError]) -> None:
    """Add an error for each unknown name and each wrong condition in an event's filter."""
    for key, value in on.filter.items():
        where = node.at((key,))
        if key in _FILTERS:
            _check_one(_FILTERS[key], value, where, names, errors)
            continue
        try:
            kind = happenings.kinds()[on.event]
            conditions.parse("any", value, happenings.choices_of(kind, key))
        except ValueError as error:
            errors.append(where.error("condition", ended(f"{key}: {error}")))


def _check_one(noun: Noun, value: Any, node: Node, names: Names, errors: list[InputError]) -> None:
    if isinstance(value, dict) and len(value) == 1 and "owner" in value and noun == "stream":
        noun, value = "user", value["owner"]
    if not isinstance(value, str):
        errors.append(node.error("type", f"Write the name of a {noun} here."))
    elif value not in (known := names.of(noun)) and not _UUID.fullmatch(value):
        text = f"There is no {noun} {value}{meant(value, known)}"
        errors.append(node.error(f"unknown-{noun}", text))


# The words of a filter whose values are names of the scenario.
_FILTERS: dict[str, Noun] = {"stream": "stream", "user": "user", "vod": "vod"}


def references(model: BaseModel) -> Iterator[tuple[tuple[int | str, ...], Noun, Any]]:
    """Yield each reference in a model: its path, the noun it refers to, and the name."""
    for name, written, noun, is_model in _fields_of(type(model)):
        value = getattr(model, name)
        if value is None:
            continue
        for path, item in _flat((written,), value):
            if noun is not None:
                yield path, noun, item
            elif is_model and isinstance(item, BaseModel):
                yield from (
                    (path + inner, kind, payload) for inner, kind, payload in references(item)
                )


def _flat(path: tuple[int | str, ...], value: Any) -> Iterator[tuple[tuple[int | str, ...], Any]]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield (*path, number), item
    else:
        yield path, value


@cache
def _fields_of(kind: type[BaseModel]) -> list[tuple[str, str, Noun | None, bool]]:
    """Return the fields that refer to something or contain models that may.

    Each is its name, its name in a file, the noun (None for a model), and whether it is a model.
    """
    refs: list[tuple[str, str, Noun | None, bool]] = []
    for name, field_info in kind.model_fields.items():
        written = field_info.alias or name
        ref = _ref_in(field_info.metadata) or _ref_in_type(field_info.annotation)
        if ref:
            refs.append((name, written, ref.noun, False))
        elif "Part" in str(field_info.annotation) or "Model" in str(field_info.annotation):
            refs.append((name, written, None, True))
    return refs


def _ref_in(metadata: Any) -> Ref | None:
    return next((ref for ref in metadata if isinstance(ref, Ref)), None)


def _ref_in_type(kind: Any) -> Ref | None:
    """Return the reference in `UserRef | None` or `list[UserRef]`."""
    ref = _ref_in(getattr(kind, "__metadata__", ()))
    if ref:
        return ref
    for item in getattr(kind, "__args__", ()):
        if ref := _ref_in_type(item):
            return ref
    return None
