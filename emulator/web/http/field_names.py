"""The names of body fields in requests, if they differ from the names in the code."""

from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo


def is_renamed(field: FieldInfo) -> bool:
    """Whether a field has a written alias.

    A generated one (the other case) has a lower priority.
    """
    return field.alias is not None and field.alias_priority == 2


def as_sent(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return the place of an error in a body, with the field's sent name, such as `for`.

    Names are in camelCase where the document has them so.
    """
    if getattr(model, "is_documented_in_camel_case", False):
        return tuple(to_camel(part) if isinstance(part, str) else part for part in loc)
    field = model.model_fields.get(str(loc[0])) if loc else None
    return (field.alias or loc[0], *loc[1:]) if field and is_renamed(field) else loc
