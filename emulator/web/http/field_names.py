"""The names that fields of bodies have outside, where these differ from their names in the code."""

from pydantic import BaseModel
from pydantic.fields import FieldInfo


def is_renamed(field: FieldInfo) -> bool:
    """A generated alias, the name in the other case, has a lower priority than a written one."""
    return field.alias is not None and field.alias_priority == 2


def as_sent(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Where a mistake is in a body, its field by the name that is sent, such as `for`."""
    field = model.model_fields.get(str(loc[0])) if loc else None
    return (field.alias or loc[0], *loc[1:]) if field and is_renamed(field) else loc
