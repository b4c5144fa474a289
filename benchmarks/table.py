"""Section: one benchmark's table in RESULTS.md. Each script has one; all others stay unchanged.

A script has `measure() -> Section`; a section in the file is found by its title.
"""

import os
import platform
import re
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
_HEAD = """# Results

Made by `make bench`; each section says when it was measured and on what. Peers are measured in the
same run, alternately with ours, so that a busy machine is busy for both.
"""


@dataclass(frozen=True)
class Section:
    """`rows` begin with the headings. `notes` are paragraphs below the table; `bars` are
    requirements.

    `packages` are those whose versions matter here.
    """

    title: str
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    bars: Sequence[tuple[str, bool]] = ()
    packages: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether all requirements hold."""
        return all(is_met for _, is_met in self.bars)

    def markdown(self) -> str:
        heading, *rows = self.rows
        lines = [f"## {self.title}", "", f"{_today()}, {machine(self.packages)}", ""]
        lines.append(_row(heading))
        lines.append(_row(["---"] * len(heading)))
        lines += [_row(row) for row in rows]
        if self.bars:
            lines += ["", *(f"- {_mark(is_met)} {bar}" for bar, is_met in self.bars)]
        if self.notes:
            lines += ["", *(f"{note}\n" for note in self.notes)]
        return "\n".join(lines).rstrip() + "\n"


def spread(values: Sequence[float], unit: str, digits: int = 0) -> str:
    """`median (least to most) unit` of the measured values."""
    median, low, high = statistics.median(values), min(values), max(values)
    return f"{median:.{digits}f} ({low:.{digits}f} to {high:.{digits}f}) {unit}"


def machine(packages: Sequence[str] = ()) -> str:
    """The machine and the relevant versions, without the machine's name."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    texts = [
        f"{platform.system()} {platform.release().partition('-')[0]} {platform.machine()}",
        _processor(),
        f"{cores} cores",
        f"Python {platform.python_version()}",
        *(f"{package} {_version(package)}" for package in packages),
    ]
    return ", ".join(part for part in texts if part)


def write(sections: Sequence[Section], path: Path = RESULTS) -> None:
    """Put `sections` into the results file, in place of those with the same titles."""
    before = path.read_text("utf-8") if path.exists() else _HEAD
    head, *old = re.split(r"^(?=## )", before, flags=re.MULTILINE)
    values = {text.partition("\n")[0].removeprefix("## "): text for text in old}
    values.update({section.title: section.markdown() for section in sections})
    body = "\n".join(text.rstrip() + "\n" for text in values.values())
    path.write_text(f"{head.rstrip()}\n\n{body}", "utf-8")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _mark(is_met: bool) -> str:
    return "holds:" if is_met else "**does not hold:**"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        try:
            return subprocess.run(
                command, capture_output=True, text=True, check=True
            ).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return ""
    match = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return match[1].strip() if match else ""


def _today() -> str:
    return subprocess.run(
        ["date", "-u", "+%Y-%m-%d"], capture_output=True, text=True, check=True
    ).stdout.strip()
