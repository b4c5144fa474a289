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
    run.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a scenario file, or the name of one that `scenario list` shows",
    )
    _add_parameters(run)
    run.add_argument(
        "--speed",
        type=options.speed,
        default=None,
        metavar="virtual|real|10x",
        help="pace of the clock: virtual jumps, real is the machine's, 10x is ten times as fast;"
        " default: virtual, or real with --against",
    )
    run.add_argument(
        "--for",
        dest="ends_ms",
        type=options.duration,
        metavar="DURATION",
        help="end the run this long after its start, as in 90s or 1m30s",
    )
    run.add_argument(
        "--repeat",
        type=options.count,
        default=1,
        metavar="N",
        help="play the scenarios N times, one after the other; default: 1",
    )
    run.add_argument(
        "--seeds",
        type=options.option(_seeds),
        metavar="A..B",
        help="play a sweep: one run for each of these random seeds; -p name=low..high draws a value"
        " for each run",
    )
    run.add_argument(
        "-j",
        "--jobs",
        type=options.count,
        metavar="N",
        help="how many runs of a sweep are played at once (default: the number of cores)",
    )
    run.add_argument(
        "--on",
        default="",
        metavar="ADDRESS",
        help="play the sweep on a Dask cluster, such as tcp://host:8786",
    )
    run.add_argument(
        "--shrink",
        action="store_true",
        help="make the first failing run of a sweep smaller, and write that scenario",
    )
    run.add_argument(
        "--resume",
        default="",
        metavar="DIR",
        help="continue the sweep whose report is in this folder",
    )
    run.add_argument(
        "--report",
        metavar="DIR",
        help="write report.json, junit.xml and report.html there; for several runs, a folder each"
        " and index.html",
    )
    run.add_argument("--junit", metavar="FILE", help="write JUnit XML of all runs")
    run.add_argument(
        "--check", metavar="HASH", help="fail if the run's log_hash differs from this one"
    )
    run.add_argument(
        "--keep",
        action="store_true",
        help="keep the worlds of the runs, and serve them until Ctrl-C",
    )
    run.add_argument(
        "--against", default="", metavar="URL", help="play on the running emulator at this address"
    )
    run.add_argument(
        "--world",
        default="",
        metavar="NAME",
        help="with --against: play in this world, not in a new one",
    )
    run.add_argument(
        "--admin-token",
        default="",
        metavar="TOKEN",
        help="admin token, if the emulator requires one",
    )
    run.add_argument("--json", action="store_true", help="print the reports as JSON lines")

    validate = verbs.add_parser("validate", help="print all errors in scenario files")
    validate.add_argument("files", nargs="+", metavar="FILE", help="a scenario file")
    _add_parameters(validate)
    validate.add_argument("--json", action="store_true", help="print the errors as JSON")

    shown = verbs.add_parser("list", help="list the scenarios that come with the emulator")
    shown.add_argument("--json", action="store_true", help="print the scenarios as JSON")

    explain = verbs.add_parser("explain", help="show a scenario as a table of times")
    explain.add_argument(
        "file",
        metavar="FILE",
        help="a scenario file, or the name of one that `scenario list` shows",
    )
    _add_parameters(explain)

    verbs.add_parser("schema", help="print the language as JSON Schema, for editors")

    record = verbs.add_parser("record", help="record what happens in a world as a scenario")
    record.add_argument(
        "file", metavar="FILE", help="the scenario file to write, such as launch.yaml"
    )
    record.add_argument(
        "--for",
        dest="ends_ms",
        type=options.duration,
        metavar="DURATION",
        help="stop after this long, such as 10m; default: Ctrl-C",
    )
    record.add_argument(
        "--exact", action="store_true", help="also write the event log, to replay the run exactly"
    )
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
        help="set a parameter of the scenario; may be repeated",
    )
    parser.add_argument(
        "--seed", type=options.integer, metavar="N", help="random seed; default: the scenario's"
    )
