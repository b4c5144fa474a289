"""Shapes: the JSON Schema (2020-12) of an answer's annotation.

It is written by hand because on Python 3.11 pydantic only accepts the TypedDict of
`typing_extensions`, and would need time for each of them. A format follows from a field's name, by
the contract's conventions.
"""

import types
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints
from typing import is_typeddict as is_shape

from emulator.shapes.ids import NumberedId

Schema = dict[str, Any]

_SCALARS: dict[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
}
# Names of fields with times and ids (contract, Conventions).
_UID_NAMES = {"cloudflare_stream_id", "cloudflare_video_id"}
_OTHER_IDS = {"trace_id"}
_TIME_NAMES = {"at", "scheduled_start", "timestamp"}


class Shapes:
    """Turns annotations into schemas, and stores each TypedDict once under its name."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}
        self._owners: dict[str, object] = {}

    def schema(self, annotation: object) -> Schema:
        """Return the schema of an annotation. Raises `TypeError` for one without JSON values."""
        if annotation in _SCALARS:
            return dict(_SCALARS[annotation])
        if is_shape(annotation):
            return self._reference(annotation)
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Literal:
            is_words = all(isinstance(argument, str) for argument in arguments)
            return {"type": "string", "enum": [*arguments]} if is_words else {"enum": [*arguments]}
        if origin in (Union, types.UnionType):
            return _any_of([self.schema(argument) for argument in arguments])
        return self._container(annotation, origin, arguments)

    def _container(self, annotation: object, origin: object, arguments: tuple[Any, ...]) -> Schema:
        if origin in (list, tuple):
            return {"type": "array", "items": self.schema(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.schema(arguments[1])}
        raise TypeError(f"{annotation!r} has no JSON schema")

    def _reference(self, shape: Any) -> Schema:
        name = shape.__name__.removesuffix("Shape")
        if self._owners.setdefault(name, shape) is not shape:
            name = f"{shape.__module__.rpartition('.')[2].title()}{name}"
            self._owners.setdefault(name, shape)
        if name not in self.components:
            self.components[name] = {}  # Reserved, because a shape may contain itself.
            self.components[name] = self._object(shape)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, shape: Any) -> Schema:
        hints = get_type_hints(shape, include_extras=True)
        properties = {name: self._field(name, _bare(hint)) for name, hint in hints.items()}
        schema: Schema = {"type": "object", "properties": properties}
        if shape.__doc__:
            schema["description"] = " ".join(shape.__doc__.split())
        if shape.__required_keys__:
            schema["required"] = sorted(shape.__required_keys__, key=list(hints).index)
        return schema

    def _field(self, name: str, annotation: object) -> Schema:
        if annotation is NumberedId:
            return {"type": "string"}
        schema = self.schema(annotation)
        form = form_of(name)
        for item in [schema, *schema.get("anyOf", ())]:
            if item.get("type") == "string" or "string" in item.get("type", ()):
                item.update(form)
        return schema


def form_of(name: str) -> Schema:
    """Return the format of a text field, by its name."""
    if name in _UID_NAMES or name == "uid":
        return {"pattern": "^[0-9a-f]{32}$"}
    if name in _TIME_NAMES or name.endswith("_at"):
        return {"format": "date-time"}
    if name == "id" or (name.endswith("_id") and name not in _OTHER_IDS):
        return {"format": "uuid"}
    return {}


def _any_of(options: list[Schema]) -> Schema:
    plain = [
        option for option in options if set(option) == {"type"} and isinstance(option["type"], str)
    ]
    if len(plain) == len(options):
        return {"type": [option["type"] for option in options]}
    flat = [inner for option in options for inner in option.get("anyOf", [option])]
    return {"anyOf": flat}


def _bare(annotation: object) -> object:
    return get_args(annotation)[0] if get_origin(annotation) is NotRequired else annotation
