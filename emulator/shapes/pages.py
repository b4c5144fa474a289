"""Pages: the fields that every page of a list has in addition to its items."""

from typing import TypedDict


class PageShape(TypedDict):
    total: int
    page: int
    per_page: int
    has_more: bool
