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
from emulator.web.http.operation import Operation, Provenance
from emulator.world.audience import figures
from emulator.world.live import streams
from emulator.world.live.streams import Stream


class TimelineQuery(Request):
    interval_minutes: int = Field(5, ge=1, le=60)


class ExportQuery(Request):
    format: Literal["csv", "json"] = "csv"


class Export(TypedDict):
    """Everything that the other addresses tell, in one file."""

    analytics: StreamAnalytics
    viewers: Timeline
    chat: ChatAnalytics
    geography: Geography
    engagement: EngagementShape


def totals(call: Call) -> StreamAnalytics:
    """Read a stream's totals."""
    stream = _own(call)
    return shapes.stream_analytics(stream, figures.totals(call.world, stream))


def viewers(call: Call) -> Timeline:
    """Read how many watched, at every interval from the start on."""
    interval_minutes = call.query_as(TimelineQuery).interval_minutes
    return shapes.timeline(call.world, _own(call), interval_minutes)


def chat(call: Call) -> ChatAnalytics:
    """Read what was said how often, and by whom."""
    return shapes.chat_analytics(figures.chat(call.world, _own(call)))


def geography(call: Call) -> Geography:
    """Read where viewers came from."""
    stream = _own(call)
    return shapes.geography(stream, figures.geography(call.world, stream))


def engagement(call: Call) -> EngagementShape:
    """Read how long viewers stayed and how much they took part."""
    stream = _own(call)
    return shapes.engagement_shape(stream, figures.engagement(call.world, stream))


def export(call: Call) -> Export | Download:
    """Download a stream's figures: all as JSON, or the timeline by the minute as CSV."""
    stream = _own(call)
    name = f"stream-{stream.id}-analytics"
    line = shapes.timeline(call.world, stream, 1)
    if call.query_as(ExportQuery).format == "csv":
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
    """Rows as CSV (RFC 4180)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def _own(call: Call) -> Stream:
    return streams.find_own(call.world, call.path["stream_id"], call.user)


_DOCUMENTED: Provenance = "documented"

OPERATIONS = [
    *(
        Operation(
            method="GET",
            path=f"/streams/{{stream_id}}/analytics{path}",
            auth="user",
            answer=answer,
            query=query,
            refuses=("forbidden", "not_found"),
            provenance=_DOCUMENTED,
        )
        for path, answer, query in (
            ("", totals, None),
            ("/viewers", viewers, TimelineQuery),
            ("/chat", chat, None),
            ("/geography", geography, None),
            ("/engagement", engagement, None),
        )
    ),
    Operation(
        method="GET",
        path="/streams/{stream_id}/analytics/export",
        auth="user",
        answer=export,
        query=ExportQuery,
        refuses=("forbidden", "not_found"),
        downloads=("text/csv",),
        provenance="client",
    ),
]
