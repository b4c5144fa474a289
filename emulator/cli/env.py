"""`env`: the variables by which programs find a running emulator, as `exec` sets them."""

import argparse
import json
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

from emulator.cli.lib.admin import Admin, add_admin_flags, admin_of

NAME = "env"
HELP = "print the variables by which programs find a running emulator"
EXAMPLES = """
  eval "$(live-emulator env)"
  live-emulator env --shell fish | source
  live-emulator env --shell powershell | Out-String | Invoke-Expression
  live-emulator env --shell dotenv > .env.test
  live-emulator env --json
"""

_PREFIX = "LIVE_EMULATOR_"


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _dotenv(text: str) -> str:
    """The value for a dotenv file, without quotes if possible: `docker --env-file` keeps quotes."""
    if re.fullmatch(r"[\w@%+=:,./-]*", text, re.ASCII):
        return text
    if "'" not in text:
        return f"'{text}'"
    return '"' + re.sub(r'([\\"$`])', r"\\\1", text) + '"'


_SHELLS: dict[str, Callable[[str, str], str]] = {
    "sh": lambda name, value: f"export {name}={shlex.quote(value)}",
    "fish": lambda name, value: f"set -gx {name} {_fish(value)}",
    "powershell": lambda name, value: f"$env:{name} = {_powershell(value)}",
    "dotenv": lambda name, value: f"{name}={_dotenv(value)}",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--shell",
        choices=(*_SHELLS, "json"),
        help="form of the output; default: fish if SHELL is fish, else sh",
    )
    parser.add_argument(
        "--world",
        default="",
        metavar="NAME",
        help="use the API key of this world; default: default",
    )
    add_admin_flags(parser)


def run(args: argparse.Namespace) -> int:
    values = variables(admin_of(args), args.world)
    if args.json or args.shell == "json":
        print(json.dumps(values, indent=1))
        return 0
    line = _SHELLS[args.shell or _usual_shell()]
    print("\n".join(line(name, value) for name, value in values.items()))
    return 0


def variables(admin: Admin, world: str = "") -> dict[str, str]:
    """`LIVE_EMULATOR_...` by name, as `exec` sets them."""
    from emulator.ready import environment

    ready = dict(admin.call("GET", "info"))
    if world:
        worlds = admin.call("GET", "worlds")["worlds"]
        ready["api_key"] = {item["name"]: item["api_key"] for item in worlds}[world]
    values = environment(ready, {})
    return {name: value for name, value in values.items() if name.startswith(_PREFIX)}


def _usual_shell() -> str:
    return "fish" if Path(os.environ.get("SHELL", "")).name == "fish" else "sh"
