"""`scenario`: scenarios from YAML files: played, checked, listed, explained, recorded."""

import argparse
from typing import Any

from emulator.cli.lib import options
from emulator.cli.lib.admin import add_world_flags

NAME = "scenario"
HELP = "play a scenario from a YAML file, and check its expectations"
EXAMPLES = """
  live-emulator scenario list
  live-emulator scenario run launch-night -p peak=9000
  live-emulator scenario run launch.yaml --speed 10x --report out --junit out/junit.xml
  live-emulator scenario run demo-loop --for 10m
  live-emulator scenario run launch-night --seeds 1..1000 -p peak=100..10000 --report out
  live-emulator scenario run raid chat-flood --repeat 3 --report out
  live-emulator scenario run going-live --speed real --against http://127.0.0.1:8787
  live-emulator scenario validate launch.yaml
  live-emulator scenario explain launch-night
  live-emulator scenario record launch.yaml --server http://127.0.0.1:8787
  live-emulator scenario schema > scenario.schema.json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(
        dest="verb", required=True, metavar="run|validate|list|explain|schema|record"
    )
    run = verbs.add_parser("run", help="play scenarios, each in a world of its own")
    run.add_argument("files", nargs="+", metavar="FILE", help="a file, or a name of the library")
    _add_parameters(run)
    run.add_argument(
        "--speed",
        type=options.speed,
        default=None,
        metavar="virtual|real|10x",
        help="default: virtual, or real with --against",
    )
    run.add_argument(
        "--for",
        dest="ends_ms",
        type=options.duration,
        metavar="DURATION",
        help="end it this long after its start, as in 90s or 1m30s",
    )
    run.add_argument(
        "--repeat", type=options.count, default=1, metavar="N", help="play them N times, in turn"
    )
    run.add_argument(
        "--seeds",
        type=options.option(_seeds),
        metavar="A..B",
        help="a sweep: play it with each of these seeds; -p name=low..high draws a value for each",
    )
    run.add_argument(
        "-j",
        "--jobs",
        type=options.count,
        metavar="N",
        help="so many runs of a sweep at once (default: the cores)",
    )
    run.add_argument(
        "--on", default="", metavar="ADDRESS", help="sweep on this Dask cluster: tcp://host:8786"
    )
    run.add_argument(
        "--shrink",
        action="store_true",
        help="make the first failing run of a sweep smaller, and write that scenario",
    )
    run.add_argument(
        "--resume", default="", metavar="DIR", help="continue the sweep of this report"
    )
    run.add_argument(
        "--report",
        metavar="DIR",
        help="write report.json, junit.xml, report.html; of several runs a folder each, and"
        " index.html",
    )
    run.add_argument("--junit", metavar="FILE", help="write JUnit XML of all of them")
    run.add_argument("--check", metavar="HASH", help="fail if the log_hash is another")
    run.add_argument("--keep", action="store_true", help="keep the worlds; serve until Ctrl-C")
    run.add_argument("--against", default="", metavar="URL", help="play on a running emulator")
    run.add_argument("--world", default="", metavar="NAME", help="in this world, with --against")
    run.add_argument("--admin-token", default="", metavar="TOKEN", help="where it asks for one")
    run.add_argument("--json", action="store_true", help="print the reports as JSON lines")

    validate = verbs.add_parser("validate", help="print all errors in scenario files")
    validate.add_argument("files", nargs="+", metavar="FILE")
    _add_parameters(validate)
    validate.add_argument("--json", action="store_true", help="print the errors as JSON")

    shown = verbs.add_parser("list", help="list the scenarios that come with the emulator")
    shown.add_argument("--json", action="store_true", help="print them as JSON")

    explain = verbs.add_parser("explain", help="show a scenario as a table of times")
    explain.add_argument("file", metavar="FILE")
    _add_parameters(explain)

    verbs.add_parser("schema", help="print the language as JSON Schema, for editors")

    record = verbs.add_parser("record", help="watch a world, and write the scenario of it")
    record.add_argument("file", metavar="FILE", help="what to write, such as launch.yaml")
    record.add_argument(
        "--for",
        dest="ends_ms",
        type=options.duration,
        metavar="DURATION",
        help="stop after this long",
    )
    record.add_argument("--exact", action="store_true", help="write the event log, too")
    add_world_flags(record)


def run(args: argparse.Namespace) -> int:
    if args.verb == "run":
        from emulator.cli.scenario import playing

        return playing.run(args)
    if args.verb == "record":
        from emulator.cli.scenario import recording

        return recording.run(args)
    from emulator.cli.scenario import output

    verbs: dict[str, Any] = {
        "validate": output.validate,
        "list": output.show_list,
        "explain": output.explain,
        "schema": output.show_schema,
    }
    return int(verbs[args.verb](args))


def _seeds(text: str) -> range:
    """`1..1000`."""
    from emulator.sweep.plan import seeds_of

    return seeds_of(text)


def _add_parameters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-p",
        "--param",
        dest="params",
        action="append",
        type=options.pair("NAME=VALUE"),
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the scenario",
    )
    parser.add_argument("--seed", type=options.integer, metavar="N", help="random seed")
