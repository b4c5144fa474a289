"""What requests share: names in snake_case and camelCase, and pages (contract, Conventions)."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

# Numbers that reach the store: its whole numbers have 64 bits.
CURSOR_MAX = 2**62


class Request(BaseModel):
    """A body or a query. Reads `category_id` and `categoryId`; ignores names it does not know."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, loc_by_alias=False, extra="ignore"
    )


class Page(Request):
    """`page` counts from 1."""

    page: int = Field(1, ge=1, le=1_000_000)
    per_page: int = Field(20, ge=1, le=100)

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.per_page

    def has_more(self, total: int) -> bool:
        """Whether there is a page after this one."""
        return self.offset + self.per_page < total
