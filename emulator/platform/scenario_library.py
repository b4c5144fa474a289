"""The scenarios that come with the emulator, read once, and what they may take for granted."""

from collections.abc import Mapping
from functools import cache

from emulator.scenario import files
from emulator.scenario.language.load import Known, load
from emulator.scenario.language.scenario import Scenario
from emulator.seeding import file as seeds


@cache
def known() -> Known:
    """What every fresh world brings: the default seed's people and categories."""
    seed = seeds.read("default")
    slugs = {
        item["slug"] for entry in seed.categories for item in (entry, *entry.get("children", ()))
    }
    return Known(frozenset(user["username"] for user in seed.users), frozenset(slugs))


@cache
def scenarios() -> Mapping[str, Scenario]:
    """All of them by name, with their parameters' defaults. Takes about 0.3 s the first time."""
    return {
        name: load(
            files.text_of(path), path.name, read_file=files.reader(path.parent), known=known()
        )
        for name, path in files.library().items()
    }
