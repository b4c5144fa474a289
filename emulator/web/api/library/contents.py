"""`/streams/id/{stream_id}/content`, `/transcript`: texts by a stand-in for the platform's AI."""

import json
from typing import Literal

from emulator.shapes.library import exports
from emulator.shapes.library.contents import ContentShape, content_shape
from emulator.web.api.models import Request
from emulator.web.http.answers import Download
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.library import contents, transcripts, writing
from emulator.world.library.contents import Content
from emulator.world.library.writing import Block
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
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


@endpoint("GET", "/streams/id/{stream_id}/content", provenance="client", refuses=("forbidden",))
def get_content(call: Call, caller: User, stream_id: str) -> ContentShape:
    """Read the texts that were written about a stream so far."""
    stream = streams.find_own(call.world, stream_id, caller)
    return content_shape(call.world, stream, contents.of(call.world, stream))


@endpoint(
    "POST", "/streams/id/{stream_id}/content/blog", provenance="client", refuses=("forbidden",)
)
def generate_blog(call: Call, caller: User, stream_id: str) -> ContentShape:
    """Write a blog draft and a summary of a stream. A stand-in puts them together from its data."""
    stream = streams.find_own(call.world, stream_id, caller)
    return content_shape(call.world, stream, contents.write_blog(call.world, stream))


@endpoint(
    "POST", "/streams/id/{stream_id}/content/snippets", provenance="client", refuses=("forbidden",)
)
def generate_snippets(call: Call, caller: User, stream_id: str) -> ContentShape:
    """Collect the code in a stream's chat and description. No model explains it."""
    stream = streams.find_own(call.world, stream_id, caller)
    return content_shape(call.world, stream, contents.write_snippets(call.world, stream))


@endpoint(
    "POST", "/streams/id/{stream_id}/content/chapters", provenance="client", refuses=("forbidden",)
)
def generate_content_chapters(call: Call, caller: User, stream_id: str) -> ContentShape:
    """Describe a stream in parts: its recording's chapters, or parts found by its chat."""
    stream = streams.find_own(call.world, stream_id, caller)
    return content_shape(call.world, stream, contents.write_chapters(call.world, stream))


@endpoint("GET", "/streams/id/{stream_id}/transcript", provenance="client", refuses=("forbidden",))
def get_transcript(call: Call, caller: User, stream_id: str) -> ContentShape:
    """Read a stream's transcript.

    A stand-in: it contains the description and the chat, not speech.
    """
    return get_content(call, caller, stream_id)


@endpoint(
    "GET",
    "/streams/id/{stream_id}/content/export",
    provenance="client",
    refuses=("forbidden",),
    downloads=("text/markdown", "text/html"),
)
def export_content(call: Call, caller: User, stream_id: str, query: ExportQuery) -> str | Download:
    """Export everything as Markdown, HTML or JSON: as a JSON string, or a file.

    It is a file if `Accept` names the format's own type (`text/markdown`, `text/html`) or
    `application/octet-stream`.
    """
    stream = streams.find_own(call.world, stream_id, caller)
    wanted = query.format
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
