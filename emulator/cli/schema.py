"""`schema`: the JSON Schema of a kind of file, for editors."""

import argparse
import json

from emulator.schemas import NAMES, schema_of

NAME = "schema"
HELP = "print the JSON Schema of scenarios, seeds, settings, faults or plans, for editors"
EXAMPLES = """
  live-emulator schema scenario > scenario.schema.json
  live-emulator schema settings > settings.schema.json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=NAMES, help="kind of file that the schema is for")


def run(args: argparse.Namespace) -> int:
    print(json.dumps(schema_of(args.name), indent=1))
    return 0
