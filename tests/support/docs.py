"""The documentation's pages, and the commands that they show."""

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
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


class Shown(NamedTuple):
    """One command line as a page shows it."""

    page: Path
    line: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(PROJECT)}: {self.line}"


def commands(page: Path) -> Iterator[Shown]:
    """Every line of every `console` block; one that ends in a backslash goes on in the next."""
    for _, block in _BLOCK.findall(page.read_text("utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip():
                yield Shown(page, " ".join(line.split()))


def links(page: Path) -> Iterator[str]:
    """Where a page leads to inside the project."""
    for target in _LINK.findall(page.read_text("utf-8")):
        if "://" not in target:
            yield target
