"""The pages of the documentation, and the commands in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[2]
PAGES = [
    PROJECT / "README.md",
    PROJECT / "ARCHITECTURE.md",
    PROJECT / "CONTRIBUTING.md",
    *sorted((PROJECT / "docs").rglob("*.md")),
]
_BLOCK = re.compile(r"^( *)```console\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_SHELL_BLOCK = re.compile(
    r"^( *)```(?:console|sh|bash|shell)\n(.*?)^ *```", re.MULTILINE | re.DOTALL
)
_USED = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_SET = re.compile(r"(?:^|[\s;&(])(?:export |local )?([A-Za-z_][A-Za-z0-9_]*)=")
# Variables that every shell has.
_USUAL = {"HOME", "PATH", "PWD", "SHELL", "USER"}
# Variables that `exec` sets; `*` stands for the rest of a name.
_ENV = 'eval "$(live-emulator env'
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


class Shown(NamedTuple):
    """One command line of a page."""

    page: Path
    line: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(PROJECT)}: {self.line}"


def commands(page: Path) -> Iterator[Shown]:
    """Every line of every `console` block; one that ends in a backslash continues in the next.

    Lines that only set variables are left out: tests set these variables themselves.
    """
    for _, block in _BLOCK.findall(page.read_text("utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip() and not line.startswith("export "):
                yield Shown(page, " ".join(line.split()))


def unset_variables(page: Path) -> list[str]:
    """Each variable that a shell block uses before the page has set it, with its line."""
    known = set(_USUAL)
    unset = []
    for _, block in _SHELL_BLOCK.findall(page.read_text("utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            # Text in single quotes belongs to another program, such as awk or jq.
            text = re.sub(r"'[^']*'", "", line)
            has_env = "LIVE_EMULATOR_*" in known
            unset += [
                f"{name}: {line}"
                for name in _USED.findall(text)
                if name not in known and not (has_env and name.startswith("LIVE_EMULATOR_"))
            ]
            known |= {*_SET.findall(text)} | ({"LIVE_EMULATOR_*"} if _ENV in line else set())
    return unset


def links(page: Path) -> Iterator[str]:
    """The targets of a page's links inside the project."""
    for target in _LINK.findall(page.read_text("utf-8")):
        if "://" not in target:
            yield target
