"""`vod.*`: recordings: name them, make one of a length, fail, delete, divide into chapters."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field

from emulator.core.errors import Refused
from emulator.scenario.actions.action import Action
from emulator.scenario.clients import films
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.values.kinds import (
    Duration,
    Name,
    Noun,
    StreamRef,
    Text,
    UserRef,
    VodRef,
)
from emulator.world.library import chapters, posts, recordings
from emulator.world.library.chapters import Draft
from emulator.world.live import streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people.accounts import User

# The steps that the examples need above them: a stream that has left a VOD.
_LEFT = ("publish.start: launch", "wait: 10m", "publish.stop: launch")
_PROCESSING = (*_LEFT, "expect: {vod.launch.status: processing}\n  within: 1m")
_RECORDED = (*_LEFT, "expect: {vod.launch.status: ready}\n  within: 1m")


class VodCreate(Action):
    """Name a stream's VOD, or make one of a given length, as if its stream had just ended.

    With `stream` it is that stream's VOD; otherwise `owner`, `title` and `duration` describe it.
    """

    name: ClassVar[str] = "vod.create"
    example: ClassVar[str] = (
        "vod.create: {vod: talk, owner: bob, title: An old talk, duration: 45m}"
    )
    makes: ClassVar[dict[str, Noun]] = {"vod": "vod"}

    vod: Name
    stream: StreamRef | None = None
    owner: UserRef | None = None
    title: Text | None = None
    duration: Duration | None = None

    def run(self, context: RunContext) -> None:
        if self.stream is not None:
            text = context.stream(self.stream).vod_id
            if text is None:
                raise Refused("not_found", "This stream has left no VOD yet.")
        else:
            text = self._make(context)
        context.run.vods[self.vod] = text

    def _make(self, context: RunContext) -> str:
        if self.owner is None or self.title is None or not self.duration:
            raise Refused("invalid", "vod.create needs stream, or owner, title and duration.")
        world = context.world
        with world.change():
            stream = streams.create(
                world, context.user(self.owner), StreamPatch({"title": self.title})
            )
            streams.simulate(world, stream)
            ended = streams.end_when_media_stopped(
                world, stream.id, world.now_ms + self.duration, "made by a scenario"
            )
        return ended.vod_id or ""


class VodUpload(Action):
    """Upload a video (`file`, in the scenario's folder), or a VOD again (`of`), as a VOD.

    The owner must belong to a `tenant`. The VOD is processing until its media is complete.
    """

    name: ClassVar[str] = "vod.upload"
    example: ClassVar[str] = "vod.upload: {vod: again, owner: bob, title: Once more, of: launch}"
    before: ClassVar[tuple[str, ...]] = _RECORDED
    makes: ClassVar[dict[str, Noun]] = {"vod": "vod"}

    vod: Name
    owner: UserRef
    title: Text
    description: Text | None = None
    visibility: Literal["public", "unlisted", "private"] | None = None
    file: Text | None = None
    of: VodRef | None = None

    def problems(self) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
        yield from films.name_problems(self.file)
        if (self.file is None) == (self.of is None):
            yield (), "vod.upload", "vod.upload takes a file, or of and a VOD's name."

    def films(self) -> tuple[str, ...]:
        return (self.file,) if self.file else ()

    async def run(self, context: RunContext) -> None:
        owner = context.user(self.owner)
        uid = context.vod(self.of).uid if self.of else await self._uploaded(context, owner)
        patch = {"cloudflare_video_id": uid, "title": self.title}
        payload = {"description": self.description, "visibility": self.visibility}
        patch |= {name: value for name, value in payload.items() if value is not None}
        vod, _ = posts.upload(context.world, owner, patch)
        context.run.vods[self.vod] = vod.id

    async def _uploaded(self, context: RunContext, owner: User) -> str:
        upload = context.run.server.upload
        if upload is None:
            raise Refused("unavailable", "This run has no server that accepts uploads.")
        if owner.tenant_id is None:
            # The VOD would be refused: this check comes first, so that no video is left behind.
            raise Refused("forbidden", f"{owner.username} belongs to no tenant.")
        path = films.find(context.run, self.file or "")
        return await upload(owner.username, path, self.title)


class VodFail(Action):
    """Fail a VOD that is processing."""

    name: ClassVar[str] = "vod.fail"
    example: ClassVar[str] = "vod.fail: {vod: launch, reason: No disk}"
    before: ClassVar[tuple[str, ...]] = _PROCESSING
    shorthand: ClassVar[str] = "vod"

    vod: VodRef
    reason: Text = "A scenario let it fail."

    def run(self, context: RunContext) -> None:
        recordings.mark_failed(context.world, context.vod(self.vod).id, self.reason)


class VodDelay(Action):
    """Keep VODs `processing` for this long, from now on."""

    name: ClassVar[str] = "vod.delay"
    example: ClassVar[str] = "vod.delay: 20s"
    shorthand: ClassVar[str] = "by"

    by: Duration

    def run(self, context: RunContext) -> None:
        context.world.rules = replace(context.world.rules, vod_processing_ms=self.by)


class VodDelete(Action):
    """Delete a VOD."""

    name: ClassVar[str] = "vod.delete"
    example: ClassVar[str] = "vod.delete: {vod: launch}"
    before: ClassVar[tuple[str, ...]] = _RECORDED
    shorthand: ClassVar[str] = "vod"

    vod: VodRef

    def run(self, context: RunContext) -> None:
        recordings.delete(context.world, context.vod(self.vod))


class _ChapterPart(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    title: Text
    at: Duration


class VodChapters(Action):
    """Divide a VOD into chapters; each one lasts until the next one's start."""

    name: ClassVar[str] = "vod.chapters"
    example: ClassVar[str] = (
        "vod.chapters: {vod: launch, chapters: [{title: Hello, at: 0s}, {title: Demo, at: 5m}]}"
    )
    before: ClassVar[tuple[str, ...]] = _RECORDED

    vod: VodRef
    chapters: Annotated[list[_ChapterPart], Field(min_length=1, max_length=200)]

    def run(self, context: RunContext) -> None:
        vod = context.vod(self.vod)
        ends = [*(chapter.at for chapter in self.chapters[1:]), vod.duration_ms]
        with context.world.change():
            for chapter, to_ms in zip(self.chapters, ends, strict=True):
                chapters.add(context.world, vod, Draft(chapter.title, None, chapter.at, to_ms))
