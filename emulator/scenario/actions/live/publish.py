"""`publish.*`: publish a stream, with the built-in publisher or simulated."""

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from emulator.core.errors import Refused
from emulator.scenario.actions.action import Action, AsyncTicks
from emulator.scenario.clients import films
from emulator.scenario.clients.publisher import StreamPublisher
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.values.kinds import Bitrate, Duration, Size, StreamRef, Text

if TYPE_CHECKING:
    from emulator.media.publisher.config import PublishConfig


class PublishStart(Action):
    """Publish a test picture, or a file.

    Unless time passes at the machine's pace (not on the virtual clock, nor with `--speed 10x`), the
    picture is simulated.
    """

    name: ClassVar[str] = "publish.start"
    example: ClassVar[str] = "publish.start: {stream: launch, size: 1280x720, fps: 30}"
    shorthand: ClassVar[str] = "stream"

    stream: StreamRef
    picture: Literal["bars"] = "bars"
    size: Size = (1280, 720)
    fps: Annotated[int, Field(ge=1, le=120)] = 30
    bitrate: Bitrate = 2_500_000
    keyframes: Duration = 2_000
    via: Literal["rtmp", "rtmps", "whip"] = "rtmps"
    file: Text | None = None

    def problems(self) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
        yield from films.name_problems(self.file)
        yield from _config_problems(self.name, self._values())

    def films(self) -> tuple[str, ...]:
        return (self.file,) if self.file else ()

    async def run(self, context: RunContext) -> None:
        stream = context.stream(self.stream)
        publishers = context.run.publishers
        if stream.id in publishers:
            raise Refused("conflict", "Somebody is publishing this stream already.")
        publisher = self._publisher(context, stream.id)
        publishers[stream.id] = publisher
        try:
            await publisher.start()
        except Refused:
            publishers.pop(stream.id, None)
            raise

    def _publisher(self, context: RunContext, stream_id: str) -> StreamPublisher:
        if not (context.run.is_machine_pace and context.run.server.rtmp):
            from emulator.scenario.clients.simulated_publisher import SimulatedPublisher

            return SimulatedPublisher(context.run, stream_id)
        from emulator.scenario.clients.real_publisher import RealPublisher

        return RealPublisher(context.run, stream_id, self.via, self._settings(context))

    def _settings(self, context: RunContext) -> "PublishConfig":
        from emulator.media.publisher.config import PublishConfig

        return PublishConfig(
            file=films.find(context.run, self.file) if self.file else None,
            is_looped=self.file is not None,
            **self._values(),
        )

    def _values(self) -> dict[str, Any]:
        return {
            "width": self.size[0],
            "height": self.size[1],
            "fps": Fraction(self.fps),
            "video_kbits": self.bitrate // 1000,
            "keyframe_seconds": self.keyframes / 1000,
        }


class PublishStop(Action):
    """Stop publishing, as the stop button of an encoder does."""

    name: ClassVar[str] = "publish.stop"
    example: ClassVar[str] = "publish.stop: {stream: launch}"
    before: ClassVar[tuple[str, ...]] = ("publish.start: launch",)
    shorthand: ClassVar[str] = "stream"

    stream: StreamRef

    async def run(self, context: RunContext) -> None:
        stream = context.stream(self.stream)
        publisher = _find(context, stream.id)
        del context.run.publishers[stream.id]
        await publisher.stop("the publisher stopped")


class PublishDrop(Action):
    """Cut the publisher's connection; it comes back after `back_after`, or not at all."""

    name: ClassVar[str] = "publish.drop"
    example: ClassVar[str] = "publish.drop: {stream: launch, back_after: 6s}"
    before: ClassVar[tuple[str, ...]] = ("publish.start: launch",)
    shorthand: ClassVar[str] = "stream"

    stream: StreamRef
    back_after: Duration | None = None

    async def run(self, context: RunContext) -> AsyncTicks:
        stream = context.stream(self.stream)
        publisher = _find(context, stream.id)
        await publisher.drop()
        if self.back_after is None:
            del context.run.publishers[stream.id]
            return
        yield self.back_after
        await publisher.come_back()


class PublishDegrade(Action):
    """Degrade the picture: bit rate, key frame interval, size, frame rate, `freeze` or `silence`.

    For another size or frame rate the encoder reconnects at once. After `for` everything is as
    before. A simulated picture does not show these changes.
    """

    name: ClassVar[str] = "publish.degrade"
    example: ClassVar[str] = (
        "{publish.degrade: {stream: launch, bitrate: 300k, freeze: true}, for: 9s}"
    )
    before: ClassVar[tuple[str, ...]] = ("publish.start: launch",)
    may_last: ClassVar[bool] = True

    stream: StreamRef
    size: Size | None = None
    fps: Annotated[int, Field(ge=1, le=120)] | None = None
    bitrate: Bitrate | None = None
    keyframes: Duration | None = None
    freeze: bool | None = None
    silence: bool | None = None

    def problems(self) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
        if not self._changes():
            yield (), "publish.degrade", "Name a change, such as bitrate: 300k or freeze: true."
        yield from _config_problems(self.name, self._changes())

    async def run(self, context: RunContext) -> AsyncTicks:
        publisher = _find(context, context.stream(self.stream).id)
        await publisher.change(self._changes())
        if context.for_ms:
            yield context.for_ms
            await publisher.change({})

    def _changes(self) -> dict[str, Any]:
        payload = {
            "width": self.size[0] if self.size else None,
            "height": self.size[1] if self.size else None,
            "fps": Fraction(self.fps) if self.fps else None,
            "video_kbits": self.bitrate // 1000 if self.bitrate else None,
            "keyframe_seconds": self.keyframes / 1000 if self.keyframes else None,
            "is_frozen": self.freeze,
            "is_silent": self.silence,
        }
        return {name: value for name, value in payload.items() if value is not None}


def _config_problems(
    name: str, values: dict[str, Any]
) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
    """Yield an error for settings that no encoder here supports."""
    from emulator.media.publisher.config import PublishConfig

    try:
        PublishConfig(**values)
    except ValueError as error:
        yield (), name, str(error)


def _find(context: RunContext, stream_id: str) -> StreamPublisher:
    publisher = context.run.publishers.get(stream_id)
    if publisher is None:
        raise Refused(
            "not_found", "This scenario does not publish this stream: start it with publish.start."
        )
    return publisher
