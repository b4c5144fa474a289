"""A page of streams, as every list that has pages answers it."""

from collections.abc import Sequence

from emulator.web.api.models import Page
from emulator.web.platform import Platform
from emulator.web.shapes.live import StreamPage, stream_shapes
from emulator.world.live.streams import Stream


def stream_page(platform: Platform, query: Page, found: Sequence[Stream], total: int) -> StreamPage:
    """`found` are the page's streams, `total` is how many all pages have."""
    return {
        "streams": stream_shapes(platform, found),
        "total": total,
        "page": query.page,
        "per_page": query.per_page,
        "has_more": query.has_more(total),
    }
