"""`/streams/{stream_id}/analytics`: one stream's audience and chat, for its owner."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Literal, TypedDict

from pydantic import Field

from emulator.shapes import audience as shapes
from emulator.shapes.audience import (
    ChatAnalytics,
    EngagementShape,
    Geography,
    StreamAnalytics,
    Timeline,
)
from emulator.web.api.models import Request
from emulator.web.http.answers import Download
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.audience import figures
from emulator.world.live import streams
from emulator.world.people.accounts import User


class TimelineQuery(Request):
    interval_minutes: int = Field(5, ge=1, le=60)


class ExportQuery(Request):
    format: Literal["csv", "json"] = "csv"


class Export(TypedDict):
    """The content of all other addresses, in one file."""

    analytics: StreamAnalytics
    viewers: Timeline
    chat: ChatAnalytics
    geography: Geography
    engagement: EngagementShape


@endpoint("GET", "/streams/{stream_id}/analytics", provenance="documented", refuses=("forbidden",))
def get_stream_analytics(call: Call, caller: User, stream_id: str) -> StreamAnalytics:
    """Read a stream's totals."""
    stream = streams.find_own(call.world, stream_id, caller)
    return shapes.stream_analytics(stream, figures.totals(call.world, stream))


@endpoint(
    "GET", "/streams/{stream_id}/analytics/viewers", provenance="documented", refuses=("forbidden",)
)
def get_viewer_timeline(call: Call, caller: User, stream_id: str, query: TimelineQuery) -> Timeline:
    """Read the viewers at every interval from the start on."""
    interval_minutes = query.interval_minutes
    return shapes.timeline(
        call.world, streams.find_own(call.world, stream_id, caller), interval_minutes
    )


@endpoint(
    "GET", "/streams/{stream_id}/analytics/chat", provenance="documented", refuses=("forbidden",)
)
def get_chat_analytics(call: Call, caller: User, stream_id: str) -> ChatAnalytics:
    """Read a stream's chat figures, and its most active users."""
    return shapes.chat_analytics(
        figures.chat(call.world, streams.find_own(call.world, stream_id, caller))
    )


@endpoint(
    "GET",
    "/streams/{stream_id}/analytics/geography",
    provenance="documented",
    refuses=("forbidden",),
)
def get_geography(call: Call, caller: User, stream_id: str) -> Geography:
    """Read the countries of viewers."""
    stream = streams.find_own(call.world, stream_id, caller)
    return shapes.geography(stream, figures.geography(call.world, stream))


@endpoint(
    "GET",
    "/streams/{stream_id}/analytics/engagement",
    provenance="documented",
    refuses=("forbidden",),
)
def get_stream_engagement(call: Call, caller: User, stream_id: str) -> EngagementShape:
    """Read how long viewers stayed and how much they took part."""
    stream = streams.find_own(call.world, stream_id, caller)
    return shapes.engagement_shape(stream, figures.engagement(call.world, stream))


@endpoint(
    "GET",
    "/streams/{stream_id}/analytics/export",
    provenance="client",
    refuses=("forbidden",),
    downloads=("text/csv",),
)
def export_stream_analytics(
    call: Call, caller: User, stream_id: str, query: ExportQuery
) -> Export | Download:
    """Download a stream's figures: all as JSON, or the timeline by the minute as CSV."""
    stream = streams.find_own(call.world, stream_id, caller)
    name = f"stream-{stream.id}-analytics"
    line = shapes.timeline(call.world, stream, 1)
    if query.format == "csv":
        rows = [(point["timestamp"], point["viewer_count"]) for point in line["timeline"]]
        return Download(table(("timestamp", "viewer_count"), rows), "text/csv", f"{name}.csv")
    whole: Export = {
        "analytics": shapes.stream_analytics(stream, figures.totals(call.world, stream)),
        "viewers": line,
        "chat": shapes.chat_analytics(figures.chat(call.world, stream)),
        "geography": shapes.geography(stream, figures.geography(call.world, stream)),
        "engagement": shapes.engagement_shape(stream, figures.engagement(call.world, stream)),
    }
    return Download(json.dumps(whole, indent=1), "application/json", f"{name}.json")


def table(head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    """Write rows as CSV (RFC 4180)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()
