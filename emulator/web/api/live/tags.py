"""`/streams/tags`, and `/streams/streams/tags`, as the platform spells it."""

from pydantic import Field

from emulator.shapes.live import TagShape, tag_shape
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation, Provenance
from emulator.world.live import tags


class TagLimit(Request):
    limit: int = Field(20, ge=1, le=100)


class TagQuery(Request):
    query: str = Field("", max_length=200)
    limit: int = Field(10, ge=1, le=100)


def every(call: Call) -> list[TagShape]:
    """List all tags by name, the first thousand."""
    return [tag_shape(tag) for tag in tags.every(call.world)]


def popular(call: Call) -> list[TagShape]:
    """List the most used tags."""
    count = call.query_as(TagLimit).limit
    return [tag_shape(tag) for tag in tags.popular(call.world, count)]


def suggest(call: Call) -> list[str]:
    """Suggest tags with a word that begins with `query`."""
    query = call.query_as(TagQuery)
    return tags.suggest(call.world, query.query, query.limit)


_SPELLINGS: tuple[tuple[str, Provenance], ...] = (
    ("/streams/streams/tags", "guide"),
    ("/streams/tags", "assumed"),
)

OPERATIONS = [
    operation
    for path, provenance in _SPELLINGS
    for operation in (
        Operation(
            method="GET",
            path=path,
            auth="public",
            answer=every,
            provenance=provenance,
            is_reusable=True,
        ),
        Operation(
            method="GET",
            path=f"{path}/popular",
            auth="public",
            answer=popular,
            query=TagLimit,
            provenance=provenance,
            is_reusable=True,
        ),
        Operation(
            method="GET",
            path=f"{path}/suggestions",
            auth="public",
            answer=suggest,
            query=TagQuery,
            provenance=provenance,
            is_reusable=True,
        ),
    )
]
