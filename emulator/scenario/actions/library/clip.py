"""`clip.*`: make and delete clips of a stream."""

from typing import ClassVar

from emulator.core.errors import Refused
from emulator.scenario.actions.action import Action
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.values.kinds import Duration, StreamRef, Text, UserRef
from emulator.world.audience import figures
from emulator.world.library import clips


class ClipCreate(Action):
    """Make a clip of the last `length` of a stream, or of that length from `start` on."""

    name: ClassVar[str] = "clip.create"
    example: ClassVar[str] = "clip.create: {stream: launch, by: bob, title: Wow, length: 20s}"
    before: ClassVar[tuple[str, ...]] = (
        "publish.start: launch",
        "wait: 30s",
    )

    stream: StreamRef
    by: UserRef
    title: Text
    length: Duration = 30_000
    start: Duration | None = None

    def run(self, context: RunContext) -> None:
        stream = context.stream(self.stream)
        from_ms = self.start
        if from_ms is None:
            from_ms = max(0, figures.duration_ms(context.world, stream) - self.length)
        user = context.user(self.by)
        clips.create(context.world, stream, user, self.title, from_ms, from_ms + self.length)


class ClipDelete(Action):
    """Delete a user's last clip of this title."""

    name: ClassVar[str] = "clip.delete"
    example: ClassVar[str] = "clip.delete: {by: bob, title: Wow}"
    before: ClassVar[tuple[str, ...]] = (
        "publish.start: launch",
        "wait: 30s",
        ClipCreate.example,
    )

    by: UserRef
    title: Text

    def run(self, context: RunContext) -> None:
        user = context.user(self.by)
        own_clips, _ = clips.of_user(
            context.world, user, user, offset=0, count=context.world.rules.clips_per_user_max
        )
        clip = next((clip for clip in own_clips if clip.title == self.title), None)
        if clip is None:
            raise Refused("not_found", f"{self.by} has no clip of this title.")
        clips.delete(context.world, clip)
