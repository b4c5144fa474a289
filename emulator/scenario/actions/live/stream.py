"""`stream.*`: make a stream, change it, start it without media, end it, delete it."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from emulator.scenario.actions.action import Action
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.values.kinds import (
    CategoryRef,
    Name,
    Noun,
    StreamRef,
    Text,
    UserRef,
)
from emulator.world.library import removal
from emulator.world.live import categories, streams
from emulator.world.live.streams import StreamPatch

Visibility = Literal["public", "unlisted", "private"]
Tags = Annotated[list[Text], Field(max_length=20)]


def patch(context: RunContext, fields: dict[str, Any]) -> StreamPatch:
    """Convert a stream's fields in a file to a patch of the world."""
    values = {name: value for name, value in fields.items() if value is not None}
    if "category" in values:
        values["category_id"] = categories.by_slug(context.world, values.pop("category")).id
    if "mature" in values:
        values["is_mature"] = values.pop("mature")
    return StreamPatch(values)


class StreamCreate(Action):
    """Make an offline stream under a name of the scenario."""

    name: ClassVar[str] = "stream.create"
    example: ClassVar[str] = "stream.create: {stream: encore, owner: bob, title: Encore}"
    makes: ClassVar[dict[str, Noun]] = {"stream": "stream"}

    stream: Name
    owner: UserRef
    title: Text
    description: Text | None = None
    category: CategoryRef | None = None
    tags: Tags | None = None
    visibility: Visibility | None = None
    mature: bool | None = None

    def run(self, context: RunContext) -> None:
        values = self.model_dump(exclude={"stream", "owner"})
        owner = context.user(self.owner)
        stream = streams.create(context.world, owner, patch(context, values))
        context.run.streams[self.stream] = stream.id


class StreamUpdate(Action):
    """Change the details of a stream."""

    name: ClassVar[str] = "stream.update"
    example: ClassVar[str] = "stream.update: {stream: launch, title: We are live}"

    stream: StreamRef
    title: Text | None = None
    description: Text | None = None
    category: CategoryRef | None = None
    tags: Tags | None = None
    visibility: Visibility | None = None
    mature: bool | None = None

    def run(self, context: RunContext) -> None:
        values = self.model_dump(exclude={"stream"})
        streams.update(context.world, context.stream(self.stream), patch(context, values))


class StreamStart(Action):
    """Start a stream by the API, without a publisher: it is live without media until some comes."""

    name: ClassVar[str] = "stream.start"
    example: ClassVar[str] = "stream.start: {stream: launch}"
    shorthand: ClassVar[str] = "stream"

    stream: StreamRef

    def run(self, context: RunContext) -> None:
        streams.start(context.world, context.stream(self.stream))


class StreamEnd(Action):
    """End a stream by the API, as its owner does."""

    name: ClassVar[str] = "stream.end"
    example: ClassVar[str] = "stream.end: {stream: launch}"
    before: ClassVar[tuple[str, ...]] = ("stream.start: {stream: launch}",)
    shorthand: ClassVar[str] = "stream"

    stream: StreamRef

    def run(self, context: RunContext) -> None:
        streams.end(context.world, context.stream(self.stream))


class StreamDelete(Action):
    """Delete a stream that is not live. Its VODs stay, unless `vods: true`."""

    name: ClassVar[str] = "stream.delete"
    example: ClassVar[str] = "stream.delete: {stream: launch}"
    shorthand: ClassVar[str] = "stream"

    stream: StreamRef
    vods: bool = False

    def run(self, context: RunContext) -> None:
        removal.delete_stream(context.world, context.stream(self.stream), with_vods=self.vods)
