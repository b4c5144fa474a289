"""Schemas: JSON Schemas (2020-12) of the files that people write, made from their readers."""

from typing import Any

NAMES = ("scenario", "seed", "settings", "fault", "plan")

_DRAFT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}


def schema_of(name: str) -> dict[str, Any]:
    """The schema of one of `NAMES`. Each imports the files' reader only when it is asked for."""
    match name:
        case "scenario":
            from emulator.scenario.output import schema as scenario

            return scenario.schema()
        case "seed":
            from emulator.seeding import check

            return check.schema()
        case "settings":
            from emulator.settings import schema as settings

            return settings.schema()
        case "fault":
            from emulator.world.faults import reading

            return {**_DRAFT, "title": "A live-emulator fault", **reading.entry_schema()}
        case "plan":
            from emulator.world.faults import plans

            return {**_DRAFT, "title": "A live-emulator fault plan", **plans.schema()}
        case _:
            raise ValueError(f"{name[:50]!r} is none of {', '.join(NAMES)}")
