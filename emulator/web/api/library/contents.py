"""`/streams/id/{stream_id}/content`, `/transcript`: written by a stand-in for the platform's AI."""

import json
from typing import Literal

from emulator.shapes.library import exports
from emulator.shapes.library.contents import ContentShape, content_shape
from emulator.web.api.models import Request
from emulator.web.http.answers import Download
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.library import contents, transcripts, writing
from emulator.world.library.contents import Content
from emulator.world.library.writing import Block
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.world import World

Format = Literal["markdown", "html", "json"]
_MEDIA_TYPES: dict[Format, str] = {
    "markdown": "text/markdown",
    "html": "text/html",
    "json": "application/json",
}
_ENDINGS: dict[Format, str] = {"markdown": "md", "html": "html", "json": "json"}
_ANY_FILE = "application/octet-stream"


class ExportQuery(Request):
    format: Format = "markdown"


def read(call: Call) -> ContentShape:
    """Read what was written about a stream so far."""
    stream = _own(call)
    return content_shape(call.world, stream, contents.of(call.world, stream))


def blog(call: Call) -> ContentShape:
    """Draft a blog post about a stream, and sum it up. A stand-in retells facts."""
    stream = _own(call)
    return content_shape(call.world, stream, contents.write_blog(call.world, stream))


def snippets(call: Call) -> ContentShape:
    """Collect the code that was shown in a stream's chat and description. No model explains it."""
    stream = _own(call)
    return content_shape(call.world, stream, contents.write_snippets(call.world, stream))


def chapters(call: Call) -> ContentShape:
    """Tell a stream in parts: its recording's chapters, or what its chat divides it into."""
    stream = _own(call)
    return content_shape(call.world, stream, contents.write_chapters(call.world, stream))


def transcript(call: Call) -> ContentShape:
    """Read a stream's transcript. A stand-in retells announcement and chat; nobody listens."""
    return read(call)


def export(call: Call) -> str | Download:
    """Take everything along as Markdown, HTML or JSON: a JSON string, or a file.

    It is a file where `Accept` names the format's own type (`text/markdown`, `text/html`) or
    `application/octet-stream`.
    """
    stream = _own(call)
    wanted = call.query_as(ExportQuery).format
    content = contents.of(call.world, stream)
    if wanted == "json":
        text = json.dumps(content_shape(call.world, stream, content), ensure_ascii=False, indent=1)
    elif wanted == "html":
        text = exports.html(stream.title, _document(call.world, stream, content))
    else:
        text = exports.markdown(_document(call.world, stream, content))
    types = {_ANY_FILE, _MEDIA_TYPES[wanted]} - {"application/json"}
    if not any(kind in call.accept.lower() for kind in types):
        return text
    name = f"stream-{stream.id}.{_ENDINGS[wanted]}"
    return Download(text, _MEDIA_TYPES[wanted], name)


def _document(world: World, stream: Stream, content: Content) -> list[Block]:
    blocks = list(content.blog)
    if not blocks:
        blocks = [Block("title", stream.title), Block("note", writing.STAND_IN)]
    if content.summary:
        blocks += [Block("heading", "Summary"), Block("text", content.summary)]
    if content.chapters:
        blocks.append(Block("heading", "Chapters"))
    for part in content.chapters:
        blocks.append(Block("item", f"{writing.clock(part.from_ms)} {part.title}: {part.summary}"))
    if content.snippets:
        blocks.append(Block("heading", "Code"))
    for snippet in content.snippets:
        blocks.append(Block("text", f"{writing.clock(snippet.at_ms)} {snippet.explanation}"))
        blocks.append(Block(f"code {snippet.language}", snippet.code))
    blocks.append(Block("heading", "Transcript"))
    for line in transcripts.of(world, stream):
        speaker = f"{line.speaker}: " if line.speaker else ""
        blocks.append(Block("item", f"{writing.clock(line.from_ms)} {speaker}{line.text}"))
    return blocks


def _own(call: Call) -> Stream:
    return streams.find_own(call.world, call.path["stream_id"], call.user)


OPERATIONS = [
    Operation(
        method="GET",
        path="/streams/id/{stream_id}/content",
        auth="user",
        answer=read,
        refuses=("forbidden", "not_found"),
        provenance="client",
    ),
    Operation(
        method="POST",
        path="/streams/id/{stream_id}/content/blog",
        auth="user",
        answer=blog,
        refuses=("forbidden", "not_found"),
        provenance="client",
    ),
    Operation(
        method="POST",
        path="/streams/id/{stream_id}/content/snippets",
        auth="user",
        answer=snippets,
        refuses=("forbidden", "not_found"),
        provenance="client",
    ),
    Operation(
        method="POST",
        path="/streams/id/{stream_id}/content/chapters",
        auth="user",
        answer=chapters,
        refuses=("forbidden", "not_found"),
        provenance="client",
    ),
    Operation(
        method="GET",
        path="/streams/id/{stream_id}/content/export",
        auth="user",
        answer=export,
        query=ExportQuery,
        refuses=("forbidden", "not_found"),
        downloads=("text/markdown", "text/html"),
        provenance="client",
    ),
    Operation(
        method="GET",
        path="/streams/id/{stream_id}/transcript",
        auth="user",
        answer=transcript,
        refuses=("forbidden", "not_found"),
        provenance="client",
    ),
]
