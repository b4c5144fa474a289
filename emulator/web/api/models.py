"""Common parts of requests (contract, Conventions): names in both cases, whole numbers, pages.

Bodies are read strictly (`http/dispatch`, decision 8); queries and forms, which are text, are not.
"""

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from emulator.core import quantities
from emulator.core.hosts import is_uri
from emulator.shapes.pages import PageShape
from emulator.web.http.field_names import is_renamed

# The largest number that may reach the store, whose whole numbers have 64 bits.
CURSOR_MAX = 2**62


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# A whole number in a body: JSON does not distinguish 5.0 and 5 (RFC 8259, 6).
Whole = Annotated[int, BeforeValidator(_whole)]


def _milliseconds(written: object) -> object:
    if isinstance(written, str):
        return quantities.duration_ms(written, bare="s")
    if isinstance(written, int | float) and not isinstance(written, bool) and abs(written) < 1e12:
        return round(written * 1000)
    raise PydanticCustomError(
        "duration_type", "Input should be a number of seconds, or a text such as 1m30s"
    )


# A duration in a body, a number of seconds or a text such as `1m30s`, as whole milliseconds.
Milliseconds = Annotated[
    int,
    BeforeValidator(_milliseconds),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}]}),
]


def none_if_empty(value: object) -> object:
    """Return None for an empty string, by which clients mean a missing optional value."""
    return None if value == "" else value


# An id that may be missing: clients send an empty string for none (contract, Conventions).
OptionalId = Annotated[str | None, BeforeValidator(none_if_empty)]


def _uri(value: str) -> str:
    if not is_uri(value):
        raise PydanticCustomError(
            "uri", "Input should be an address such as https://example.com/a.jpg"
        )
    return value


# An address that may be missing: forms send an empty string for none.
OptionalUri = Annotated[
    Annotated[
        str,
        Field(max_length=2000, json_schema_extra={"format": "uri"}),
        AfterValidator(_uri),
    ]
    | None,
    BeforeValidator(none_if_empty),
]


def _name_as_sent(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Show a field with another name in requests, such as `for`, only by that name."""
    fields = {name: field.alias for name, field in model.model_fields.items() if is_renamed(field)}
    properties = schema.get("properties", {})
    schema["properties"] = {fields.get(name) or name: value for name, value in properties.items()}
    if "required" in schema:
        schema["required"] = [fields.get(name) or name for name in schema["required"]]


class Request(BaseModel):
    """A body or a query. Reads `category_id` and `categoryId`; ignores unknown names."""

    # Further names that a validator reads: the request log does not report them as unknown.
    also_read: ClassVar[frozenset[str]] = frozenset()
    # Whether the document shows camelCase, because the platform's own client only uses that.
    is_documented_in_camel_case: ClassVar[bool] = False

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        loc_by_alias=False,
        extra="ignore",
        json_schema_extra=_name_as_sent,
        # Most models are never used: a model is built at its first use.
        defer_build=True,
    )


class Page(Request):
    """`page` counts from 1."""

    page: int = Field(1, ge=1, le=1_000_000)
    per_page: int = Field(20, ge=1, le=100)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page

    def counts(self, total: int) -> PageShape:
        """Return the page's part of an answer. `total` is the number of items on all pages."""
        return {
            "total": total,
            "page": self.page,
            "per_page": self.per_page,
            "has_more": self.offset + self.per_page < total,
        }
