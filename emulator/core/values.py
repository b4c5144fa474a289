"""Values: dataclasses whose methods are written when the first one is made, not when imported.

The standard library compiles some six methods for each dataclass as it is declared, 0.3 to 0.5 ms
on Python 3.11. A start declares over two hundred and makes a few dozen of them. So `dataclass` here
only gives a class its slots; the rest follows with the first instance, or with whoever asks for its
fields. Nothing else is different: `fields`, `replace`, `asdict` and `match` find what they want.
"""

import dataclasses
from collections.abc import Callable
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, get_origin

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(plain=None, /, *, slots=False, **options):
        """`dataclasses.dataclass`. Late where it has slots, as ours have."""
        return _late(options) if slots else dataclasses.dataclass(plain, **options)


_unmade: "dict[type, _Recipe]" = {}
# Two threads may make the first instance of a class at the same time.
_lock = RLock()


def _late(options: dict[str, Any]) -> Callable[[type], type]:
    def declare(plain: type) -> type:
        names = [name for name, kind in plain.__annotations__.items() if not _is_of_class(kind)]
        inherited = {name for base in plain.__mro__[1:] for name in getattr(base, "__slots__", ())}
        content = dict(vars(plain))
        content.pop("__dict__", None)
        content.pop("__weakref__", None)
        # A slot and a default cannot have the same place in a class: defaults wait in the recipe.
        defaults = {name: content.pop(name) for name in names if name in content}
        if options.get("frozen"):
            content.setdefault("__setstate__", _fill)
        # Without one, the library would look at `__init__` to write one.
        content["__doc__"] = plain.__doc__ or plain.__qualname__
        content["__slots__"] = tuple(name for name in names if name not in inherited)
        declared = type(plain)(plain.__name__, plain.__bases__, content)
        declared.__qualname__ = plain.__qualname__
        for name in _MADE_LATE:
            if name not in content:
                setattr(declared, name, _Asked(declared, name))
        _unmade[declared] = _Recipe(defaults, options)
        return declared

    return declare


def _fill(copied: object, state: tuple[None, dict[str, Any]]) -> None:
    """Copying sets attributes, which a frozen value refuses (as the library's `slots` does it)."""
    for name, value in state[1].items():
        object.__setattr__(copied, name, value)


def _is_of_class(kind: object) -> bool:
    """Whether an annotation says that this is the class's, no field of its instances."""
    return kind is ClassVar or get_origin(kind) is ClassVar


def _make(declared: type) -> None:
    with _lock:
        recipe = _unmade.pop(declared, None)
        if recipe is None:
            return
        slots = {name: vars(declared)[name] for name in vars(declared)["__slots__"]}
        for name, default in recipe.defaults.items():
            setattr(declared, name, default)
        if isinstance(vars(declared).get("__match_args__"), _Asked):
            delattr(declared, "__match_args__")  # The library overwrites nobody's own.
        dataclasses.dataclass(init=False, **recipe.options)(declared)
        for name in recipe.defaults:
            if name in vars(declared):
                delattr(declared, name)
        for name, slot in slots.items():
            setattr(declared, name, slot)
        # Last, since other threads wait at what stands in its place while the class is half made.
        if isinstance(vars(declared).get("__init__"), _Asked):
            type.__setattr__(declared, "__init__", _init_of(declared, recipe))


def _init_of(declared: type, recipe: "_Recipe") -> Any:
    """The library's own, written for a class of the same fields."""
    twin = dataclasses.make_dataclass(
        declared.__qualname__,
        [(each.name, each.type, each) for each in dataclasses.fields(declared)],
        namespace={name: None for name in ("__post_init__",) if hasattr(declared, name)},
        repr=False,
        eq=False,
        frozen=recipe.options.get("frozen", False),
    )
    return vars(twin)["__init__"]


_MADE_LATE = ("__init__", "__dataclass_fields__", "__match_args__")


class _Recipe:
    """What `dataclasses.dataclass` is told about a class once somebody needs it."""

    def __init__(self, defaults: dict[str, Any], options: dict[str, Any]) -> None:
        self.defaults = defaults
        self.options = options


class _Asked:
    """Stands in a class for what is not made yet: whoever looks at it has it made."""

    def __init__(self, declared: type, name: str) -> None:
        self._declared = declared
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        _make(self._declared)
        return getattr(owner if instance is None else instance, self._name)
