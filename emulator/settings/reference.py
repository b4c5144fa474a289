"""The page docs/reference/settings.md, made from the fields that it describes (`make docs`)."""

from emulator.settings.fields import DECLARED, Declared, Settings

_HEAD = """# Settings

Made from `emulator/settings/fields.py` by `make docs`; a test keeps it true.

Every setting is a line of a YAML file (`live-emulator serve --settings FILE`), a variable, and,
where the table says so, a flag of `serve`. Flags win over variables, variables over the file, the
file over the default.

| setting | default | variable | flag | |
|---|---|---|---|---|
"""


def markdown() -> str:
    """The whole page."""
    defaults = Settings(data="the user's cache folder")
    return _HEAD + "".join(_row(declared, defaults) for declared in DECLARED)


def _row(declared: Declared, defaults: Settings) -> str:
    value = declared.kind.show(getattr(defaults, declared.attribute)) or "none"
    flag = f"`{declared.flag}`" if declared.is_flag else ""
    text = declared.help.replace("|", "\\|")
    return f"| `{declared.key}` | {value} | `{declared.variable}` | {flag} | {text} |\n"
