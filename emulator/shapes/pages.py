"""Pages: what every page of a list says beside its items."""

from typing import TypedDict


class PageShape(TypedDict):
    total: int
    page: int
    per_page: int
    has_more: bool
