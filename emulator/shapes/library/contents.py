"""CONTENT (contract, schemas)."""

from typing import TypedDict

from emulator.shapes.library import exports
from emulator.shapes.times import iso_or_none
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
                "code": snippet.code,
                "language": snippet.language,
                "explanation": snippet.explanation,
                "timestamp": snippet.at_ms / 1000,
            }
            for snippet in content.snippets
        ],
        "transcript": [
            {
                "text": line.text,
                "start_time": line.from_ms / 1000,
                "end_time": line.to_ms / 1000,
                "speaker": line.speaker,
            }
            for line in transcripts.of(world, stream)
        ],
        "chapters": [
            {
                "title": chapter.title,
                "start_time": chapter.from_ms / 1000,
                "end_time": chapter.to_ms / 1000,
                "summary": chapter.summary,
            }
            for chapter in content.chapters
        ],
        "summary": content.summary,
        "generated_at": iso_or_none(content.generated_at_ms),
    }
