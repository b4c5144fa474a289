"""Scenario library: the scenarios that come with the emulator, read once."""

from collections.abc import Mapping
from functools import cache

from emulator.scenario import files
from emulator.scenario.language.load import Known, load
from emulator.scenario.language.scenario import Scenario
from emulator.seeding import file as seeds


@cache
def known() -> Known:
    """The names that a scenario may use without making them: the default seed's."""
    seed = seeds.read("default")
    slugs = {
        item["slug"] for entry in seed.categories for item in (entry, *entry.get("children", ()))
    }
    return Known(frozenset(user["username"] for user in seed.users), frozenset(slugs))


@cache
def scenarios() -> Mapping[str, Scenario]:
    """All scenarios by name, with their parameters' defaults. The first call takes some 0.3 s."""
    return {
        name: load(
            files.text_of(path), path.name, read_file=files.reader(path.parent), known=known()
        )
        for name, path in files.library().items()
    }
