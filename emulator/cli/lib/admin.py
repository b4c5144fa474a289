"""Admin: commands' client of a running emulator's admin API."""

import argparse
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from emulator.cli.lib.api import Api
from emulator.cli.lib.discovery import add_server_flag
from emulator.machine.folder import KEY_FILE

_KEY_LENGTH_MAX = 100
_PER_PAGE = 100


class Admin:
    """One server and one of its worlds. Empty values are taken from the environment."""

    def __init__(self, url: str = "", world: str = "", token: str = "") -> None:
        key = token or os.environ.get("LIVE_EMULATOR_ADMIN_TOKEN") or ""
        self._api = Api(url, key or "none", headers={"X-Emulator-World": world} if world else {})

    def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        query: Mapping[str, object] | None = None,
    ) -> Any:
        """The admin API's answer. Raises `ApiError` with its message."""
        return self._api.call(method, _address(path, query or {}), body)

    def pages(self, path: str, query: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        """All pages of a list that is read by page numbers."""
        number, has_more = 1, True
        while has_more:
            page = self.call("GET", path, query={**query, "page": number, "per_page": _PER_PAGE})
            number, has_more = number + 1, page["has_more"]
            yield page

    def folder_key(self) -> str:
        """The key that proves that this command runs as the emulator's user; "" without it."""
        authority = str(self.call("GET", "info").get("ca", ""))
        try:
            return Path(authority).with_name(KEY_FILE).read_text("utf-8")[:_KEY_LENGTH_MAX]
        except (OSError, ValueError):
            return ""

    def download(self, path: str, target: Path) -> int:
        """Write the admin API's answer at `path` to a file. Returns its size in bytes."""
        return self._api.download(f"/_emulator/{quote(path)}", target)

    def upload(self, path: str, file: Path, media_type: str, query: Mapping[str, object]) -> Any:
        """Post a file to the admin API. Returns its answer."""
        return self._api.upload(_address(path, query), file, media_type)


def _address(path: str, query: Mapping[str, object]) -> str:
    """The URL of a path, with the query's values that are not empty."""
    asked = {name: value for name, value in query.items() if value not in (None, "")}
    return f"/_emulator/{quote(path)}" + (f"?{urlencode(asked)}" if asked else "")


def add_world_flags(parser: argparse.ArgumentParser) -> None:
    """Add flags for the emulator, its world, and the form of the output."""
    parser.add_argument("--world", default="", metavar="NAME", help="world; default: default")
    add_admin_flags(parser)


def admin_of(args: argparse.Namespace) -> Admin:
    """The client for the emulator and world of these flags."""
    return Admin(args.server, getattr(args, "world", ""), args.admin_token)


def answer(args: argparse.Namespace, payload: object, lines: Sequence[str]) -> int:
    """Print `payload` with `--json`, otherwise lines for people. Returns the exit code 0."""
    print(json.dumps(payload) if args.json else "\n".join(lines))
    return 0


def add_admin_flags(parser: argparse.ArgumentParser) -> None:
    """Add flags for the emulator, its admin token, and the form of the output."""
    add_server_flag(parser)
    parser.add_argument(
        "--admin-token",
        default="",
        metavar="TOKEN",
        help="admin token, if the emulator requires one",
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
