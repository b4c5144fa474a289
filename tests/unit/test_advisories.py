"""Lower bounds of dependencies exclude the versions that an advisory names (SECURITY.md)."""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_advisories_are_excluded_by_the_lower_bounds() -> None:
    lines = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    bounds = {
        match[1]: numbers(match[2])
        for line in lines["project"]["dependencies"]
        if (match := re.match(r"([\w-]+)(?:\[\w+\])?[>~]=([\d.]+)", line))
    }
    table = re.findall(
        r"^\| ([\w-]+) \| (CVE-[\d-]+) \| ([\d.]+) \| (\d{4}-\d\d-\d\d) \|$",
        (PROJECT / "SECURITY.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert len(table) > 5
    late = [
        f"{name} {advisory}: fixed in {fixed}, and {bounds.get(name)} is allowed"
        for name, advisory, fixed, _ in table
        if bounds.get(name, (0,)) < numbers(fixed)
    ]
    assert not late, "\n".join(late)
