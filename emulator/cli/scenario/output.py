"""Output without playing: a scenario's errors, the library, a table of steps, the schema."""

import argparse
import json
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import asdict, replace

from emulator.core.errors import Refused
from emulator.platform.scenario_library import known
from emulator.scenario import files
from emulator.scenario.language.errors import InvalidScenario
from emulator.scenario.language.load import load
from emulator.scenario.language.scenario import Scenario


def read(name: str, chosen: Mapping[str, Any] | None = None, seed: int | None = None) -> Scenario:
    """Read the scenario at a path, or of this name in the library."""
    path = files.find(name)
    return load(
        files.text_of(path),
        str(path) if Path(name).is_file() else path.name,
        chosen=chosen,
        read_file=files.reader(path.parent),
        check_film=files.film_checker(path.parent),
        known=replace(known(), operations=_operation_names),
        seed=seed,
    )


def _operation_names() -> Collection[str]:
    from emulator.web.api.table import operation_names  # Late: it imports the whole API.

    return operation_names()


def validate(args: argparse.Namespace) -> int:
    """Print all errors of all files. Returns 1 if there are any."""
    errors = []
    for name in args.files:
        try:
            read(name, dict(args.params), args.seed)
        except InvalidScenario as invalid:
            errors += invalid.errors
        except Refused as refused:
            print(refused.message, file=sys.stderr)
            return 2
    if args.json:
        print(json.dumps({"mistakes": [asdict(error) for error in errors]}))
    elif errors:
        print("\n".join(map(str, errors)))
    else:
        print(f"{', '.join(args.files)}: no problems found.")
    return 1 if errors else 0


def show_list(args: argparse.Namespace) -> int:
    """Print the library's scenarios with their parameters."""
    rows = [_listed(name) for name in files.library()]
    if args.json:
        print(json.dumps({"scenarios": rows}))
        return 0
    for item in rows:
        print(f"{item['name']}\n    {item['about']}")
        for param in item["params"]:
            print(f"    -p {param['name']}={param['default']}  {param['help']}".rstrip())
    return 0


def explain(args: argparse.Namespace) -> int:
    from emulator.scenario.output.explain import table

    print("\n".join(table(read(args.file, dict(args.params), args.seed))))
    return 0


def show_schema(_: argparse.Namespace) -> int:
    from emulator.scenario.output.schema import schema

    print(json.dumps(schema(), indent=1))
    return 0


def _listed(name: str) -> dict[str, Any]:
    scenario = read(name)
    return {
        "name": name,
        "title": scenario.name,
        "about": scenario.about,
        "params": [
            {"name": param.name, "type": param.type, "default": param.default, "help": param.help}
            for param in scenario.params.values()
        ],
    }
