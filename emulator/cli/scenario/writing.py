"""Report files: report.json, junit.xml and report.html in one folder, each written completely.

With several runs, each has its own folder, and an `index.html` links to all of them.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from emulator.core.errors import Refused
from emulator.machine.files import write_whole
from emulator.scenario.output.index import index
from emulator.scenario.output.junit import junit
from emulator.scenario.output.page import page


def write_report(folder: Path, report: dict[str, Any]) -> None:
    """Write the three files. Refuses (`unavailable`) a folder that cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "report.json", json.dumps(report, indent=1).encode() + b"\n")
        write_whole(folder / "junit.xml", junit([report]))
        write_whole(folder / "report.html", page(report).encode())
    except OSError as error:
        raise Refused("unavailable", f"{folder} cannot be written: {error.strerror}.") from None


def write_reports(folder: Path, reports: list[dict[str, Any]]) -> None:
    """Write a folder for each report, and an index. Refuses (`unavailable`) as `write_report`."""
    runs = []
    for number, report in enumerate(reports, 1):
        name = f"{number:02}-{Path(report['file']).stem}"
        write_report(folder / name, report)
        runs.append((f"{quote(name)}/report.html", report))
    write_files(folder, {"index.html": index(runs)})


def write_files(folder: Path, texts: dict[str, str]) -> None:
    """Write texts to files, by name. Refuses (`unavailable`) a folder that cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_whole(folder / name, text.encode())
    except OSError as error:
        raise Refused("unavailable", f"{folder} cannot be written: {error.strerror}.") from None


def write_junit(path: Path, reports: list[dict[str, Any]]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, junit(reports))
    except OSError as error:
        raise Refused("unavailable", f"{path} cannot be written: {error.strerror}.") from None
