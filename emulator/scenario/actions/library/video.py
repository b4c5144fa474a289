"""`video.create`: a video beside the streams."""

from typing import ClassVar, Literal

from emulator.scenario.actions.action import Action
from emulator.scenario.language.values.kinds import Text, UserRef
from emulator.scenario.stage import Stage
from emulator.world.video import videos


class VideoCreate(Action):
    """Make a video as a draft: it waits for its media."""

    name: ClassVar[str] = "video.create"
    example: ClassVar[str] = "video.create: {owner: ada, title: Behind the scenes}"

    owner: UserRef
    title: Text
    description: Text | None = None
    visibility: Literal["public", "unlisted", "private"] | None = None

    def run(self, stage: Stage) -> None:
        wishes = self.model_dump(exclude={"owner"}, exclude_none=True)
        videos.create(stage.world, stage.user(self.owner), wishes)
