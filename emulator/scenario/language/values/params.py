"""Parameters: the values of a scenario that its player can choose, each with a kind and bounds."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict

from emulator.core import quantities
from emulator.scenario.language.checked import checked
from emulator.scenario.language.errors import InputError, meant
from emulator.scenario.language.scenario import Param
from emulator.scenario.language.tree import Node, scalar
from emulator.scenario.language.values.arithmetic import NAME

Given = Mapping[str, Any]


class ParamPart(BaseModel):
    """One parameter in `params`. Without a `default`, a value must be chosen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    type: Literal["integer", "number", "duration", "rate", "share", "text", "boolean"]
    default: Any = None
    min: Any = None
    max: Any = None
    help: str = ""


def read(node: Node | None, errors: list[InputError]) -> dict[str, Param]:
    """Return the parameters that a file declares."""
    if node is None or node.value is None:
        return {}
    if not isinstance(node.value, dict):
        errors.append(node.error("type", "Write parameters here, such as peak: {...}."))
        return {}
    params = {}
    for name, entry in node.value.items():
        if not NAME.fullmatch(name):
            rule = "write lowercase letters, digits, underscores."
            text = f"{name[:40]} is not a parameter's name: {rule}"
            errors.append(node.error_at_key(name, "name", text))
        part = checked(ParamPart, entry.plain(), entry, errors, f"the parameter {name}")
        if part is None:
            continue
        param = Param(name, part.type, part.default, part.min, part.max, part.help)
        for key in ("default", "min", "max"):
            _check_own(param, key, entry, errors)
        params[name] = param
    return params


def choose(
    params: Mapping[str, Param], chosen: Given, root: Node, errors: list[InputError]
) -> dict[str, Any]:
    """Return each parameter's value: the chosen one (a text is read by its kind) or its default."""

    def note(name: str, message: str) -> None:
        errors.append(replace(root.error("parameter", message), parameter=name[:40]))

    for name in chosen:
        if name not in params:
            note(name, f"There is no parameter {name[:40]}{meant(name, params)}")
    values: dict[str, Any] = {}
    for name, param in params.items():
        value = chosen.get(name, param.default)
        if isinstance(value, str) and param.type in ("integer", "number", "boolean"):
            value = scalar(value)
        if value is None:
            note(name, f"The parameter {name} has no default: give it, as in -p {name}=...")
        elif refusal := refused(param, value):
            note(name, f"{name}: {refusal}")
            value = param.default  # The wrong value must not be an error again where it is used.
        values[name] = value
    return values


def refused(param: Param, value: Any) -> str:
    """Return why `value` is wrong for this parameter; empty where it is right."""
    try:
        measured = _measure(param.type, value)
        for bound, word in ((param.min, "least"), (param.max, "most")):
            if bound is None:
                continue
            limit = _measure(param.type, bound)
            if measured < limit if word == "least" else measured > limit:
                return f"{value} is out of range: at {word} {bound}."
    except ValueError as error:
        return f"{error}."
    return ""


def _check_own(param: Param, key: str, entry: Node, errors: list[InputError]) -> None:
    value = getattr(param, key)
    if value is None:
        return
    bare = Param(param.name, param.type, None, None, None, "")
    refusal = refused(param if key == "default" else bare, value)
    if refusal:
        errors.append(entry.at((key,)).error("parameter", refusal))


def _measure(kind: str, value: Any) -> Any:
    """Return the value in a form that can be compared.

    Refuses (`ValueError`) one of another kind.
    """
    if kind == "integer" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind == "text" and isinstance(value, str):
        return len(value)
    readers = {
        "duration": quantities.duration_ms,
        "rate": quantities.per_second,
        "share": quantities.share,
    }
    if kind in readers and isinstance(value, str):
        return readers[kind](value)
    raise ValueError(f"{str(value)[:40]!r} is not of the type {kind}")
