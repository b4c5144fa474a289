"""`schedule.*`: times in a user's week."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from emulator.core.errors import Refused
from emulator.scenario.actions.action import Action
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.values.kinds import CategoryRef, Text, UserRef
from emulator.world.live import categories
from emulator.world.people import schedules
from emulator.world.people.accounts import User
from emulator.world.people.schedules import ScheduleEntry

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

    def run(self, context: RunContext) -> None:
        category = self.category
        schedules.make(
            context.world,
            context.user(self.user),
            day_of_week=schedules.DAY_NAMES.index(self.day.capitalize()),
            start_minute=schedules.minutes_of(self.start),
            end_minute=schedules.minutes_of(self.end),
            title=self.title,
            category_id=categories.by_slug(context.world, category).id if category else None,
            is_recurring=self.weekly,
        )


class ScheduleChange(Action):
    """Change a time in a user's week, which is identified by its title."""

    name: ClassVar[str] = "schedule.change"
    example: ClassVar[str] = 'schedule.change: {user: ada, title: Fridays, start: "19:00"}'
    before: ClassVar[tuple[str, ...]] = (ScheduleCreate.example,)

    user: UserRef
    title: Text
    day: Day | None = None
    start: Time | None = None
    end: Time | None = None

    def run(self, context: RunContext) -> None:
        user = context.user(self.user)
        entry = _find(context, user, self.title)
        payload = {
            "day_of_week": schedules.DAY_NAMES.index(self.day.capitalize()) if self.day else None,
            "start_minute": schedules.minutes_of(self.start) if self.start else None,
            "end_minute": schedules.minutes_of(self.end) if self.end else None,
        }
        values = {name: value for name, value in payload.items() if value is not None}
        schedules.update(context.world, user, entry, values)


class ScheduleRemove(Action):
    """Remove a time from a user's week."""

    name: ClassVar[str] = "schedule.remove"
    example: ClassVar[str] = "schedule.remove: {user: ada, title: Fridays}"
    before: ClassVar[tuple[str, ...]] = (ScheduleCreate.example,)

    user: UserRef
    title: Text

    def run(self, context: RunContext) -> None:
        user = context.user(self.user)
        schedules.remove(context.world, user, _find(context, user, self.title))


def _find(context: RunContext, user: User, title: str) -> ScheduleEntry:
    for entry in schedules.of_user(context.world, user):
        if entry.title == title:
            return entry
    raise Refused("not_found", f"There is no {title} in this user's week.")
