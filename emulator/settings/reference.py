"""The page docs/reference/settings.md, made from the fields that it describes (`make docs`)."""

from emulator.core.setting import Setting
from emulator.settings.fields import SETTINGS, Settings

_HEAD = """# Settings

Made of the configs in `emulator.settings.Settings` by `make docs`; a test keeps it true.

Every setting is a line of a YAML file (`live-emulator serve --settings FILE`), a variable, and,
where the table says so, a flag of `serve`. Flags win over variables, variables over the file, the
file over the default.

| setting | default | variable | flag | |
|---|---|---|---|---|
"""


def markdown() -> str:
    """The whole page."""
    defaults = Settings(data="the user's cache folder")
    return _HEAD + "".join(_row(setting, defaults) for setting in SETTINGS)


def _row(setting: Setting, defaults: Settings) -> str:
    value = setting.kind.show(defaults.value_of(setting)) or "none"
    flag = f"`{setting.flag}`" if setting.group else ""
    text = setting.help.replace("|", "\\|")
    return f"| `{setting.key}` | {value} | `{setting.variable}` | {flag} | {text} |\n"
