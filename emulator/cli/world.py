"""`world`: the isolated platforms of a running emulator."""

import argparse
from pathlib import Path
from typing import Any

from emulator.cli import Failed
from emulator.cli.lib.admin import add_admin_flags, add_world_flags, admin_of, answer
from emulator.world.world import DEFAULT

NAME = "world"
HELP = "list, make, drop, reset, export or import isolated platforms of a running emulator"
EXAMPLES = """
  live-emulator world list
  live-emulator world new ci-7 --seed none
  live-emulator world new frozen --now 2030-01-01T00:00:00Z
  live-emulator world reset
  live-emulator world reset --world ci-7
  live-emulator world drop ci-7
  live-emulator world export tuesday.world.zip
  live-emulator world import tuesday.world.zip --world tuesday
"""


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(
        dest="verb", required=True, metavar="list|new|drop|reset|export|import"
    )
    add_admin_flags(verbs.add_parser("list", help="list the worlds"))
    new = verbs.add_parser("new", help="make a world, fresh from a seed")
    new.add_argument("name", help="lowercase letters, digits and dashes")
    new.add_argument(
        "--seed",
        default="default",
        help="content of the world: default, none (only the account demo), or a seed file",
    )
    new.add_argument("--now", metavar="TIME", help="stop its clock at this instant (ISO 8601)")
    add_admin_flags(new)
    drop = verbs.add_parser("drop", help="remove a world and its media")
    drop.add_argument("name", help="the world to remove")
    add_admin_flags(drop)
    reset = verbs.add_parser("reset", help="reset a world to its seed")
    add_world_flags(reset)
    export = verbs.add_parser("export", help="write a world, its snapshots and media to a file")
    export.add_argument("file", type=Path, metavar="FILE", help="the file to write (a ZIP archive)")
    export.add_argument(
        "--world",
        dest="name",
        default=DEFAULT,
        metavar="NAME",
        help="world to export; default: default",
    )
    add_admin_flags(export)
    imports = verbs.add_parser("import", help="make a world from a file that export wrote")
    imports.add_argument("file", type=Path, metavar="FILE", help="a file that export wrote")
    imports.add_argument(
        "--world",
        dest="name",
        default="",
        metavar="NAME",
        help="name of the new world; default: its name in the file",
    )
    imports.add_argument(
        "--replace", action="store_true", help="replace an existing world of this name"
    )
    add_admin_flags(imports)


def run(args: argparse.Namespace) -> int:
    admin = admin_of(args)
    if args.verb == "list":
        payload = admin.call("GET", "worlds")
        return answer(args, payload, [_line(world) for world in payload["worlds"]])
    if args.verb == "new":
        patch = {"name": args.name, **_seed(args.seed)}
        world = admin.call("POST", "worlds", patch | ({"now": args.now} if args.now else {}))
        return answer(args, world, [_line(world)])
    if args.verb == "drop":
        admin.call("DELETE", f"worlds/{args.name}")
        return answer(args, {"dropped": args.name}, [f"{args.name} is gone."])
    if args.verb == "export":
        size = admin.download(f"worlds/{args.name}/file", args.file)
        written = {"world": args.name, "file": str(args.file), "bytes": size}
        return answer(args, written, [f"{args.name} is written to {args.file}, {size} bytes."])
    if args.verb == "import":
        query = {"replace": str(args.replace).lower(), "name": args.name}
        world = admin.upload("worlds/files", args.file, "application/zip", query)
        return answer(args, world, [_line(world)])
    payload = admin.call("POST", "reset")
    return answer(args, payload, [f"{payload['name']} is as fresh as its seed."])


def _seed(name: str) -> dict[str, str]:
    """The content of a seed file, read here; the emulator knows all other names of seeds."""
    path = Path(name)
    if not path.is_file():
        return {"seed": name}
    try:
        return {"seed_text": path.read_text("utf-8")}
    except (OSError, ValueError) as error:
        raise Failed(f"{path} cannot be read as text in UTF-8: {error}.") from None


def _line(world: dict[str, Any]) -> str:
    return f"{world['name']:20}  {world['api_key']:28}  {world['host']:28}  seed {world['seed']}"
