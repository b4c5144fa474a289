"""`/streams/tags`, and `/streams/streams/tags`, as the platform spells it."""

from pydantic import Field

from emulator.shapes.live import TagShape, tag_shape
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.live import tags


class TagLimit(Request):
    limit: int = Field(20, ge=1, le=100)


class TagQuery(Request):
    query: str = Field("", max_length=200)
    limit: int = Field(10, ge=1, le=100)


@endpoint("GET", "/streams/streams/tags", provenance="guide")
@endpoint("GET", "/streams/tags", name="list_tags")
def list_stream_tags(call: Call) -> list[TagShape]:
    """List the first thousand tags by name."""
    return [tag_shape(tag) for tag in tags.every(call.world)]


@endpoint("GET", "/streams/streams/tags/popular", provenance="guide")
@endpoint("GET", "/streams/tags/popular", name="list_popular_tags")
def list_popular_stream_tags(call: Call, query: TagLimit) -> list[TagShape]:
    """List the most used tags."""
    count = query.limit
    return [tag_shape(tag) for tag in tags.popular(call.world, count)]


@endpoint("GET", "/streams/streams/tags/suggestions", provenance="guide")
@endpoint("GET", "/streams/tags/suggestions", name="suggest_tags")
def suggest_stream_tags(call: Call, query: TagQuery) -> list[str]:
    """Suggest tags with a word that begins with `query`."""
    return tags.suggest(call.world, query.query, query.limit)
