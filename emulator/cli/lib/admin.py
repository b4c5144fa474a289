"""Admin: a running emulator's own API, as commands ask it."""

import argparse
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from emulator.cli.lib.api import Api
from emulator.cli.lib.discovery import add_server_flag
from emulator.machine.folder import KEY_FILE

_KEY_LENGTH_MAX = 100


class Admin:
    """One server and one of its worlds; empty values are taken from the environment."""

    def __init__(self, url: str = "", world: str = "", token: str = "") -> None:
        key = token or os.environ.get("LIVE_EMULATOR_ADMIN_TOKEN") or ""
        self._api = Api(url, key or "none", headers={"X-Emulator-World": world} if world else {})

    def call(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, query: str = ""
    ) -> Any:
        """What the admin API answers; raises `ApiError` with its sentence."""
        asked = f"?{query}" if query else ""
        return self._api.call(method, f"/_emulator/{quote(path)}{asked}", body)

    def folder_key(self) -> str:
        """What shows that this command may read files as the emulator's user; "" if it may not."""
        authority = str(self.call("GET", "info").get("ca", ""))
        try:
            return Path(authority).with_name(KEY_FILE).read_text("utf-8")[:_KEY_LENGTH_MAX]
        except (OSError, ValueError):
            return ""

    def download(self, path: str, target: Path) -> int:
        """Write what the admin API answers at `path` to a file. Returns its bytes."""
        return self._api.download(f"/_emulator/{quote(path)}", target)

    def upload(self, path: str, file: Path, media_type: str, *, query: str = "") -> Any:
        """What the admin API answers to a file."""
        return self._api.upload(f"/_emulator/{quote(path)}?{query}", file, media_type)


def add_admin_flags(parser: argparse.ArgumentParser) -> None:
    """Which emulator, with which token, and how to print."""
    add_server_flag(parser)
    parser.add_argument("--admin-token", default="", metavar="TOKEN", help="where it asks for one")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
