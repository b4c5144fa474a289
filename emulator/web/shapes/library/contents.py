"""CONTENT (contract, schemas)."""

from typing import TypedDict

from emulator.web.shapes.library import exports
from emulator.web.shapes.times import iso_or_none
from emulator.world.library import transcripts
from emulator.world.library.contents import Content
from emulator.world.live.streams import Stream
from emulator.world.world import World


class SnippetShape(TypedDict):
    code: str
    language: str
    explanation: str
    timestamp: float


class TranscriptLine(TypedDict):
    text: str
    start_time: float
    end_time: float
    speaker: str | None


class ContentChapter(TypedDict):
    title: str
    start_time: float
    end_time: float
    summary: str


class ContentShape(TypedDict):
    """All times are seconds from the stream's start. `blog_draft` is Markdown."""

    id: str
    stream_id: str
    blog_draft: str | None
    code_snippets: list[SnippetShape]
    transcript: list[TranscriptLine]
    chapters: list[ContentChapter]
    summary: str | None
    generated_at: str | None


def content_shape(world: World, stream: Stream, content: Content) -> ContentShape:
    return {
        "id": content.id,
        "stream_id": stream.id,
        "blog_draft": exports.markdown(content.blog) if content.blog else None,
        "code_snippets": [
            {
                "code": each.code,
                "language": each.language,
                "explanation": each.explanation,
                "timestamp": each.at_ms / 1000,
            }
            for each in content.snippets
        ],
        "transcript": [
            {
                "text": each.text,
                "start_time": each.from_ms / 1000,
                "end_time": each.to_ms / 1000,
                "speaker": each.speaker,
            }
            for each in transcripts.of(world, stream)
        ],
        "chapters": [
            {
                "title": each.title,
                "start_time": each.from_ms / 1000,
                "end_time": each.to_ms / 1000,
                "summary": each.summary,
            }
            for each in content.chapters
        ],
        "summary": content.summary,
        "generated_at": iso_or_none(content.generated_at_ms),
    }
