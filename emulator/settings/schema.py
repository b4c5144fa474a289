"""The JSON Schema (2020-12) of a settings file, for editors; `sources` checks more."""

from typing import Any

from emulator.core.setting import Choice, Count, Flag, Setting
from emulator.settings.fields import SETTINGS, Settings


def schema() -> dict[str, Any]:
    """The schema: every setting with its help, its default and its type."""
    defaults = Settings(data="the user's cache folder")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of live-emulator",
        "type": "object",
        "properties": {setting.key: _property(setting, defaults) for setting in SETTINGS},
        "additionalProperties": False,
    }


def _property(setting: Setting, defaults: Settings) -> dict[str, Any]:
    default = setting.kind.show(defaults.value_of(setting)) or "none"
    return {"description": f"{setting.help} (default: {default})", **_value(setting.kind)}


def _value(kind: object) -> dict[str, Any]:
    match kind:
        case Flag():
            return {"type": "boolean"}
        case Choice(words):
            # YAML reads some of these words as true or false.
            return {"enum": list(words)}
        case Count():
            return {"type": "integer", "minimum": kind.min, "maximum": kind.max}
        case _:
            return {"type": ["string", "number", "null"]}
