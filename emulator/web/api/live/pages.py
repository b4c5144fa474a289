"""The answer of all paged lists of streams."""

from collections.abc import Sequence

from emulator.shapes.live import StreamPage, stream_views
from emulator.web.api.models import Page
from emulator.web.http.call import Call
from emulator.world.live.streams import Stream


def stream_page(call: Call, query: Page, streams: Sequence[Stream], total: int) -> StreamPage:
    """Return the page with these `streams`; `total` is the number of streams on all pages."""
    return {
        "streams": stream_views(call.world, call.addresses, streams, call.caller),
        **query.counts(total),
    }
