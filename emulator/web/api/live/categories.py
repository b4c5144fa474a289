"""`/streams/categories`: what streams are about."""

from emulator.web.api.models import Request
from emulator.web.rest.call import Call
from emulator.web.rest.operation import Operation
from emulator.web.shapes.live import CategoryShape, category_shape
from emulator.world.live import categories


class CategoryQuery(Request):
    parent_id: str | None = None


def active(call: Call) -> list[CategoryShape]:
    """List the active categories: the top level, or those right below `parent_id`."""
    parent_id = call.query_as(CategoryQuery).parent_id
    found = (
        categories.top_level(call.world)
        if parent_id is None
        else categories.children(call.world, parent_id)
    )
    return [category_shape(category) for category in found]


OPERATIONS = [
    Operation(
        method="GET",
        path="/streams/categories",
        auth="public",
        answer=active,
        query=CategoryQuery,
        refuses=("not_found",),
        provenance="documented",
    ),
]
