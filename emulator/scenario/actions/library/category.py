"""`category.create`: a topic for streams."""

from typing import ClassVar

from emulator.scenario.actions.action import Action
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.values.kinds import CategoryRef, Name, Noun, Text
from emulator.world.live import categories


class CategoryCreate(Action):
    """Make a category; streams refer to it by its slug."""

    name: ClassVar[str] = "category.create"
    example: ClassVar[str] = "category.create: {slug: woodwork, title: Woodwork}"
    makes: ClassVar[dict[str, Noun]] = {"slug": "category"}

    slug: Name
    title: Text | None = None
    parent: CategoryRef | None = None

    def run(self, context: RunContext) -> None:
        categories.make(context.world, self.title or self.slug, self.slug, parent_slug=self.parent)
