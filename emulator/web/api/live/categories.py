"""`/streams/categories`: the categories of streams."""

import re
from typing import Literal, TypedDict

from pydantic import Field, field_validator

from emulator.core.errors import Refused
from emulator.shapes.live import (
    CategoryBranch,
    CategoryShape,
    StreamPage,
    StreamView,
    category_branch,
    category_shape,
    stream_views,
)
from emulator.web.api.live.pages import stream_page
from emulator.web.api.models import OptionalId, Page, Request
from emulator.web.errors import Invalid, error_detail
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.discovery import ranking
from emulator.world.live import categories, lists
from emulator.world.live.categories import Branch
from emulator.world.live.lists import StreamFilter
from emulator.world.people.accounts import User

# The streams listed with a category.
_SHOWN_COUNT = 20
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class CategoryQuery(Request):
    parent_id: OptionalId = None


class CategoryLimit(Request):
    limit: int = Field(10, ge=1, le=100)


class CategoryStreamQuery(Page):
    status_filter: Literal["live", "offline", "ended", "all"] = "live"


class CategoryCreate(Request):
    name: str = Field(min_length=1, max_length=100)
    slug: str | None = Field(None, max_length=100)
    description: str | None = Field(None, max_length=1000)
    icon_url: str | None = Field(None, max_length=2000)
    parent_id: OptionalId = None

    @field_validator("slug")
    @classmethod
    def _slug_is_plain(cls, slug: str | None) -> str | None:
        if slug is not None and not _SLUG.fullmatch(slug):
            raise ValueError("a slug has lowercase letters and digits, with single dashes inside")
        return slug


class CategoryTree(TypedDict):
    """`total_categories` counts the categories of all levels."""

    categories: list[CategoryBranch]
    total_categories: int


class CategoryList(TypedDict):
    categories: list[CategoryShape]
    total: int


class CategoryWithStreams(CategoryShape):
    streams: list[StreamView]


class CategoryStreamPage(StreamPage):
    category: CategoryShape


@endpoint("GET", "/streams/categories", provenance="documented", refuses=("not_found",))
def list_categories(call: Call, query: CategoryQuery) -> list[CategoryShape]:
    """List the active categories: the top level, or those directly below `parent_id`."""
    parent_id = query.parent_id
    listed = (
        categories.top_level(call.world)
        if parent_id is None
        else categories.children(call.world, parent_id)
    )
    return [category_shape(category) for category in listed]


@endpoint("GET", "/streams/categories/tree", provenance="documented")
def get_category_tree(call: Call) -> CategoryTree | list[CategoryBranch]:
    """Read all active categories, each with those below it. Under `/v1` it is a bare list."""
    branches = categories.tree(call.world)
    shapes = [category_branch(branch) for branch in branches]
    if call.dialect == "client":
        return shapes
    return {"categories": shapes, "total_categories": sum(map(_size, branches))}


@endpoint("GET", "/streams/categories/trending", provenance="documented")
def list_trending_categories(call: Call, query: CategoryLimit) -> list[CategoryShape]:
    """List the categories with the most current viewers."""
    count = query.limit
    return [
        category_shape(trending_category)
        for trending_category in ranking.trending_categories(call.world, count=count)
    ]


@endpoint("GET", "/streams/categories/popular", provenance="guide")
def list_popular_categories(call: Call, query: CategoryLimit) -> CategoryList:
    """List the categories with the most streams."""
    count = query.limit
    listed, total = ranking.popular_categories(call.world, count=count)
    return {"categories": [category_shape(category) for category in listed], "total": total}


@endpoint("GET", "/streams/categories/by-slug/{slug}", provenance="documented")
def get_category(call: Call, caller: User | None, slug: str) -> CategoryWithStreams:
    """Read a category and its newest live streams."""
    category = categories.by_slug(call.world, slug)
    wanted = StreamFilter(status="live", category_pk=category.pk)
    streams, _ = lists.page(call.world, None, wanted, offset=0, count=_SHOWN_COUNT)
    views = stream_views(call.world, call.addresses, streams, caller)
    return {**category_shape(category), "streams": views}


@endpoint("GET", "/streams/categories/by-slug/{slug}/streams", provenance="guide")
def list_category_streams(
    call: Call, _caller: User | None, slug: str, query: CategoryStreamQuery
) -> CategoryStreamPage:
    """List a category's streams, newest first: the live ones, or those of `status_filter`."""
    category = categories.by_slug(call.world, slug)
    wanted = StreamFilter(status=query.status_filter, category_pk=category.pk)
    streams, total = lists.page(call.world, None, wanted, offset=query.offset, count=query.per_page)
    page = stream_page(call, query, streams, total)
    return {**page, "category": category_shape(category)}


@endpoint(
    "POST",
    "/streams/categories",
    provenance="guide",
    status=201,
    refuses=("forbidden", "not_found", "conflict", "invalid"),
)
def create_category(call: Call, caller: User, body: CategoryCreate) -> CategoryShape:
    """Create a category, as an administrator."""
    try:
        category = categories.create(
            call.world,
            caller,
            body.name,
            body.slug,
            description=body.description,
            icon_url=body.icon_url,
            parent_id=body.parent_id,
        )
    except Refused as refused:
        if refused.code != "invalid":
            raise
        raise Invalid([error_detail(("body", "slug"), "missing", refused.message)]) from refused
    return category_shape(category)


def _size(branch: Branch) -> int:
    return 1 + sum(map(_size, branch.children))
