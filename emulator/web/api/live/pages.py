"""A page of streams, as every list that has pages answers it."""

from collections.abc import Sequence

from emulator.shapes.live import StreamPage, stream_views
from emulator.web.api.models import Page
from emulator.web.http.call import Call
from emulator.world.live.streams import Stream


def stream_page(call: Call, query: Page, streams: Sequence[Stream], total: int) -> StreamPage:
    """`streams` are the page's, as the caller may see them; `total` is how many all pages have."""
    return {
        "streams": stream_views(call.world, call.addresses, streams, call.caller),
        **query.counts(total),
    }
