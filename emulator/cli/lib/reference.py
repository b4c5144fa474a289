"""The page docs/reference/commands.md, made from the commands' own parsers (`make docs`)."""

import argparse
from collections.abc import Iterator

from emulator.cli import COMMANDS, module_of, parser_of
from emulator.settings.fields import SETTINGS

_HEAD = """# Commands

Made from the commands themselves by `make docs`; a test keeps it true.

`live-emulator COMMAND --help` shows the same. Exit codes: 0 fine, 1 what was asked for failed,
2 wrong use or it could not start, 130 Ctrl-C.

What asks a running emulator finds it by itself. Where several run, `--server URL`,
`LIVE_EMULATOR_URL` or `LIVE_EMULATOR_DATA` says which.

Colour is for terminals that can: `--no-color` and `NO_COLOR` switch it off, `FORCE_COLOR` on. What
`--json` prints has none.
"""
_COMMON = {"help", "no_color"}
_SETTINGS = {setting.flag for setting in SETTINGS}


def markdown() -> str:
    """The whole page."""
    lines = [line for name in COMMANDS for line in _command(name)]
    return f"{_HEAD}\n" + "\n".join(lines)


def _command(name: str) -> Iterator[str]:
    parser = parser_of(name)
    yield from (f"## `{name}`", "", str(parser.description), "", "```console")
    yield from (line.strip() for line in module_of(name).EXAMPLES.strip().splitlines())
    yield from ("```", "")
    yield from _arguments(parser)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb, of_verb in action.choices.items():
                about = next(item.help for item in action._choices_actions if item.dest == verb)
                yield from (f"### `{name} {verb}`", "", _sentence(about), "")
                yield from _arguments(of_verb)


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    flags = {option for action in parser._actions for option in action.option_strings}
    settings = _SETTINGS if "--settings" in flags else set()
    actions = [action for action in parser._actions if _is_shown(action, settings)]
    if actions:
        yield from ("| | |", "|---|---|")
        yield from map(_row, actions)
        yield ""
    if settings:
        yield from ("Its other flags are [settings](settings.md).", "")


def _is_shown(action: argparse.Action, settings: set[str]) -> bool:
    if action.dest in _COMMON or action.help == argparse.SUPPRESS:
        return False
    is_setting = bool(settings & {*action.option_strings})
    return not is_setting and not isinstance(action, argparse._SubParsersAction)


def _row(action: argparse.Action) -> str:
    value = _value(action)
    names = ", ".join(f"`{option}{value and ' ' + value}`" for option in action.option_strings)
    text = (action.help or "") % {"default": action.default}
    return f"| {_cell(names or f'`{value}`')} | {_cell(text)} |"


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if action.metavar or not action.choices:
        return str(action.metavar or action.dest.upper())
    return "|".join(map(str, action.choices))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _sentence(text: str | None) -> str:
    return f"{(text or '')[:1].upper()}{(text or '')[1:]}."
