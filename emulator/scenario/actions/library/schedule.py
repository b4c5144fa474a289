"""`schedule.create`: a time in somebody's week."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from emulator.scenario.actions.action import Action
from emulator.scenario.language.values.kinds import CategoryRef, Text, UserRef
from emulator.scenario.stage import Stage
from emulator.world.live import categories
from emulator.world.people import schedules

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Time = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class ScheduleCreate(Action):
    """Add a time to a user's week. Times are in quotes: `start: "20:00"`."""

    name: ClassVar[str] = "schedule.create"
    example: ClassVar[str] = (
        'schedule.create: {user: ada, day: friday, start: "20:00", end: "22:00", title: Fridays}'
    )

    user: UserRef
    day: Day
    start: Time
    end: Time
    title: Text
    category: CategoryRef | None = None
    weekly: bool = True

    def run(self, stage: Stage) -> None:
        category = self.category
        schedules.make(
            stage.world,
            stage.user(self.user),
            day_of_week=schedules.DAY_NAMES.index(self.day.capitalize()),
            start_minute=schedules.minutes_of(self.start),
            end_minute=schedules.minutes_of(self.end),
            title=self.title,
            category_id=categories.by_slug(stage.world, category).id if category else None,
            is_recurring=self.weekly,
        )
