"""`video.*`: uploaded videos, independent of streams."""

from typing import ClassVar, Literal

from emulator.core.errors import Refused
from emulator.scenario.actions.action import Action
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.values.kinds import Text, UserRef
from emulator.world.video import videos
from emulator.world.video.videos import Video

Visibility = Literal["public", "unlisted", "private"]


class VideoCreate(Action):
    """Make a video as a draft, without media yet."""

    name: ClassVar[str] = "video.create"
    example: ClassVar[str] = "video.create: {owner: ada, title: Behind the scenes}"

    owner: UserRef
    title: Text
    description: Text | None = None
    visibility: Visibility | None = None

    def run(self, context: RunContext) -> None:
        patch = self.model_dump(exclude={"owner"}, exclude_none=True)
        videos.create(context.world, context.user(self.owner), patch)


class VideoUpdate(Action):
    """Change the details of a user's last video of this title."""

    name: ClassVar[str] = "video.update"
    example: ClassVar[str] = (
        "video.update: {owner: ada, video: Behind the scenes, visibility: private}"
    )
    before: ClassVar[tuple[str, ...]] = ("video.create: {owner: ada, title: Behind the scenes}",)

    owner: UserRef
    video: Text
    title: Text | None = None
    description: Text | None = None
    visibility: Visibility | None = None

    def run(self, context: RunContext) -> None:
        patch = self.model_dump(exclude={"owner", "video"}, exclude_none=True)
        videos.update(context.world, _find(context, self.owner, self.video), patch)


class VideoDelete(Action):
    """Delete a user's last video of this title."""

    name: ClassVar[str] = "video.delete"
    example: ClassVar[str] = "video.delete: {owner: ada, video: Behind the scenes}"
    before: ClassVar[tuple[str, ...]] = ("video.create: {owner: ada, title: Behind the scenes}",)

    owner: UserRef
    video: Text

    def run(self, context: RunContext) -> None:
        videos.delete(context.world, _find(context, self.owner, self.video))


def _find(context: RunContext, owner: str, title: str) -> Video:
    row = context.user(owner).pk
    matches = videos.select(
        context.world,
        "WHERE user_row = ? AND title = ? ORDER BY created_at_ms DESC, row DESC LIMIT 1",
        row,
        title,
    )
    if not matches:
        raise Refused("not_found", f"{owner} has no video of this title.")
    return matches[0]
