"""Values: dataclasses whose methods are written when the first one is made, not when imported.

The standard library compiles some six methods for each dataclass as it is declared, 0.3 to 0.5 ms
on Python 3.11. A start declares over two hundred and makes a few dozen of them. So `dataclass` here
only gives a class its slots; the rest follows with the first instance, or with whoever asks for its
fields, and is compiled in one piece. `fields`, `replace`, `asdict`, `match` find what they want.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError
from reprlib import recursive_repr
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, get_origin

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(plain=None, /, *, slots=False, order=False, **options):
        """`dataclasses.dataclass`. Late where it has slots, as nearly all of ours have."""
        if not slots or order:
            return dataclasses.dataclass(plain, slots=slots, order=order, **options)
        return _late(**options)


_unmade: "dict[type, _Recipe]" = {}
# Two threads may make the first instance of a class at the same time.
_lock = RLock()


def _late(frozen: bool = False, eq: bool = True, kw_only: bool = False) -> Callable[[type], type]:
    def declare(plain: type) -> type:
        bases = plain.__mro__[1:]
        if not frozen and any(vars(base).get("__setattr__") is _refuse_to_set for base in bases):
            raise TypeError("cannot inherit non-frozen dataclass from a frozen one")
        names = [name for name, kind in plain.__annotations__.items() if not _is_of_class(kind)]
        inherited = {name for base in bases for name in getattr(base, "__slots__", ())}
        content = dict(vars(plain))
        content.pop("__dict__", None)
        content.pop("__weakref__", None)
        # A slot and a default cannot have the same place in a class: defaults wait in the recipe.
        defaults = {name: content.pop(name) for name in names if name in content}
        # Without one, the library would look at `__init__` to write one.
        content["__doc__"] = plain.__doc__ or plain.__qualname__
        content["__slots__"] = tuple(name for name in names if name not in inherited)
        content.setdefault("__repr__", _told)
        for name, method in _FROZEN if frozen else (("__hash__", None),) if eq else ():
            content.setdefault(name, method)
        declared = type(plain)(plain.__name__, plain.__bases__, content)
        declared.__qualname__ = plain.__qualname__
        for name in ("__init__", "__dataclass_fields__", "__match_args__"):
            if name not in content:
                setattr(declared, name, _Asked(declared, name))
        _unmade[declared] = _Recipe(defaults, frozen, eq, kw_only)
        return declared

    return declare


def _is_of_class(kind: object) -> bool:
    """Whether an annotation says that this is the class's, no field of its instances."""
    return kind is ClassVar or get_origin(kind) is ClassVar


def _make(declared: type) -> None:
    with _lock:
        recipe = _unmade.pop(declared, None)
        if recipe is None:
            return
        _collect(declared, recipe)
        names: dict[str, Any] = {"_factory": MISSING, "_set": object.__setattr__}
        exec("\n".join(_written(declared, recipe, names)), names)
        # `__init__` last: other threads wait at what stands in its place while all is half made.
        for name in ("__eq__", "__hash__", "__init__"):
            result = vars(declared).get(name)
            if name in names and (result is None or isinstance(result, _Asked)):
                names[name].__qualname__ = f"{declared.__qualname__}.{name}"
                setattr(declared, name, names[name])


def _collect(declared: type, recipe: "_Recipe") -> None:
    """Let the library find the fields, the inherited ones too. It compiles nothing."""
    slots = {name: vars(declared)[name] for name in vars(declared)["__slots__"]}
    for name, default in recipe.defaults.items():
        setattr(declared, name, default)
    if isinstance(vars(declared).get("__match_args__"), _Asked):
        # The library writes its own only where a class has none; mypy knows no class that has.
        del declared.__match_args__  # type: ignore[attr-defined]
    find = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=recipe.kw_only)
    find(declared)
    for name in recipe.defaults:
        if name in vars(declared):
            delattr(declared, name)
    for name, slot in slots.items():
        setattr(declared, name, slot)


def _written(declared: type, recipe: "_Recipe", names: dict[str, Any]) -> list[str]:
    """The methods' source. What it speaks of is put into `names`."""
    fields = dataclasses.fields(declared)
    taken = [field for field in fields if field.init]
    named = [_parameter(field) for field in taken if field.kw_only]
    parameters = [_parameter(field) for field in taken if not field.kw_only]
    parameters += ["*", *named] if named else []
    source = [f"def __init__({', '.join(['self', *parameters])}):", " pass"]
    for field in fields:
        names[f"_default_{field.name}"] = field.default
        names[f"_make_{field.name}"] = field.default_factory
        value = _value(field)
        if value and recipe.is_frozen:
            source.append(f" _set(self, {field.name!r}, {value})")
        elif value:
            source.append(f" self.{field.name} = {value}")
    if hasattr(declared, "__post_init__"):
        source.append(" self.__post_init__()")
    if recipe.has_eq:
        source += _comparing([field.name for field in fields if field.compare], recipe)
    return source


def _comparing(names: list[str], recipe: "_Recipe") -> list[str]:
    ours = "".join(f"self.{name}, " for name in names)
    source = [
        "def __eq__(self, other):",
        " if other.__class__ is not self.__class__: return NotImplemented",
        f" return ({ours}) == ({ours.replace('self.', 'other.')})",
    ]
    if recipe.is_frozen:
        source += ["def __hash__(self):", f" return hash(({ours}))"]
    return source


def _parameter(field: "Field[Any]") -> str:
    if field.default is not MISSING:
        return f"{field.name}=_default_{field.name}"
    return f"{field.name}=_factory" if field.default_factory is not MISSING else field.name


def _value(field: "Field[Any]") -> str:
    """What an instance's field begins with; nothing where `__post_init__` sets it."""
    if field.default_factory is not MISSING:
        text = f"_make_{field.name}()"
        return f"{text} if {field.name} is _factory else {field.name}" if field.init else text
    if field.init:
        return field.name
    return f"_default_{field.name}" if field.default is not MISSING else ""


@recursive_repr()
def _told(self: Any) -> str:
    told = (field.name for field in dataclasses.fields(self) if field.repr)
    shown = (f"{name}={getattr(self, name)!r}" for name in told)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_to_set(_: object, name: str, __: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _fill(copied: object, state: tuple[None, dict[str, Any]]) -> None:
    """Copying sets attributes, which a frozen value refuses (as the library's `slots` does it)."""
    for name, value in state[1].items():
        object.__setattr__(copied, name, value)


_FROZEN = (
    ("__setattr__", _refuse_to_set),
    ("__delattr__", _refuse_to_delete),
    ("__setstate__", _fill),
)


class _Recipe:
    """What is known of a class once somebody needs it."""

    def __init__(self, defaults: dict[str, Any], frozen: bool, eq: bool, kw_only: bool) -> None:
        self.defaults = defaults
        self.is_frozen = frozen
        self.has_eq = eq
        self.kw_only = kw_only


class _Asked:
    """Stands in a class for what is not made yet: whoever looks at it has it made."""

    def __init__(self, declared: type, name: str) -> None:
        self._declared = declared
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        _make(self._declared)
        return getattr(owner if instance is None else instance, self._name)
