"""Lower bounds of dependencies exclude the versions that an advisory names (SECURITY.md)."""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2]
SECURITY = PROJECT / "SECURITY.md"


def numbers(version: str) -> tuple[int, ...]:
    """Comparable numbers: 2.13 is 2.13.0."""
    return (*map(int, version.split(".")), 0, 0, 0)[:4]


def bounds() -> dict[str, tuple[int, ...]]:
    """The lowest version of each dependency, including those of extras."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return {
        match[1]: numbers(match[2])
        for line in (*project["dependencies"], *extras)
        if (match := re.match(r"([\w-]+)(?:\[\w+\])?[>~]=([\d.]+)", line))
    }


def advisories() -> list[tuple[str, str, str]]:
    """The rows of the table: a package, its advisory, and the first fixed version."""
    rows: list[tuple[str, str, str]] = re.findall(
        r"^\| ([\w-]+)(?: \([^)]*\))? \| ([^|]*(?:CVE|GHSA)-[^|]*) \| ([\d.]+)(?: \([^)]*\))? "
        r"\| \d{4}-\d\d-\d\d \|$",
        SECURITY.read_text("utf-8"),
        re.MULTILINE,
    )
    return rows


def test_advisories_are_excluded_by_the_lower_bounds() -> None:
    lowest, table = bounds(), advisories()
    late = [
        f"{name} {advisory}: fixed in {fixed}, and {lowest.get(name)} is allowed"
        for name, advisory, fixed in table
        if lowest.get(name, (0,)) < numbers(fixed)
    ]
    assert not late, "\n".join(late)
    # The test reads every row of the table.
    assert len(table) == len(re.findall(r"-\d\d \|$", SECURITY.read_text("utf-8"), re.MULTILINE))


def test_advisories_were_looked_up_for_each_dependency() -> None:
    text = SECURITY.read_text("utf-8")
    listed = {name for name, _, _ in advisories()}
    none_known = text[text.index("None was found for") :]
    unknown = [name for name in bounds() if name not in listed and name not in none_known]
    assert not unknown, f"SECURITY.md does not mention {', '.join(unknown)}"
