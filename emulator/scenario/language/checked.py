"""Turn pydantic's errors into sentences with a place in the file and the nearest correct word."""

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from emulator.scenario.language.errors import InputError, meant
from emulator.scenario.language.tree import Node

M = TypeVar("M", bound=BaseModel)

_SENTENCES = {
    "int_type": ("type", "Write a whole number here."),
    "int_from_float": ("type", "Write a whole number here."),
    "float_type": ("type", "Write a number here."),
    "finite_number": ("type", "Write a number here."),
    "string_type": ("type", "Write a text here; put it in quotes if it looks like a number."),
    "bool_type": ("type", "Write true or false here."),
    "list_type": ("type", "Write a list here: lines that begin with a dash, or [one, two]."),
    "dict_type": ("type", "Write names and values here, such as {name: value}."),
    "model_type": ("type", "Write names and values here, such as {name: value}."),
}


def checked(
    model: type[M], plain: Any, node: Node, errors: list[InputError], what: str = ""
) -> M | None:
    """Return `plain` as a `model`; or None, with its errors in `errors`.

    `node` is the tree that `plain` was made from: it has the place of each value.
    """
    try:
        return model.model_validate(plain)
    except ValidationError as error:
        errors.extend(_errors(model, node, error, what))
        return None


def _errors(
    model: type[BaseModel], node: Node, error: ValidationError, what: str
) -> Iterable[InputError]:
    said: set[tuple[int, int]] = set()
    for detail in error.errors(include_url=False):
        path, kind = detail["loc"], detail["type"]
        if kind == "extra_forbidden":
            inside = node.at(path[:-1])
            word = str(path[-1])
            known = _fields(model, path[:-1])
            text = f"{word} is not known here{meant(word, known)}"
            yield inside.error_at_key(word, "unknown-key", text)
            continue
        where = node.at(path)
        if kind == "missing":
            name = str(path[-1])
            text = f"{what or 'this'} needs {name}: add {name}: ..."
            yield node.at(path[:-1]).error("missing", text)
            continue
        # Pydantic reports an error for each type that a value could have had: the first is enough.
        if (where.line, where.column) in said:
            continue
        said.add((where.line, where.column))
        rule, text = _SENTENCES.get(kind, ("value", _sentence(detail)))
        yield where.error(rule, text)


def _sentence(result: Any) -> str:
    context = result.get("ctx", {})
    if result["type"] == "value_error":
        text = str(context.get("error", result["msg"]))
    else:
        text = result["msg"].removeprefix("Input should ")
    if result["type"] == "literal_error":
        value = str(result["input"])[:40]
        words = [item.strip("'") for item in context["expected"].replace(" or ", ", ").split(", ")]
        return f"{value} is not known here{meant(value, words)}"
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _fields(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """Return the keys that are known at `path`; none where that is not a model."""
    kind: Any = model
    for part in path:
        if isinstance(part, int):
            continue
        field = _written(kind).get(part)
        if field is None:
            return []
        kind = _inner(field.annotation)
    return list(_written(kind))


def _written(kind: Any) -> dict[str, Any]:
    """Return the fields of a model by their names in a file."""
    fields = getattr(kind, "model_fields", {})
    return {payload.alias or name: payload for name, payload in fields.items()}


def _inner(kind: Any) -> Any:
    """Return the model in `list[Model]` or `Model | None`."""
    for item in getattr(kind, "__args__", ()):
        if hasattr(item, "model_fields"):
            return item
    return kind
