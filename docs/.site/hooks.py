"""The site's additional pages, their order, and links that lead out of `docs/`."""

import os
import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page

PROJECT = Path(__file__).parents[2]
# The project's own pages, and their places in the site.
ELSEWHERE = {
    "README.md": "project/readme.md",
    "ARCHITECTURE.md": "explanation/architecture.md",
    "benchmarks/RESULTS.md": "explanation/measurements.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "CHANGELOG.md": "project/changes.md",
}
# Generated pages, which nobody writes by hand.
PYTHON_API = """# Python API

The third way in, beside `exec` and the pytest plugin.

::: emulator.server.Emulator

::: emulator.server.running
"""
ORDER = ("tutorials", "how-to", "reference", "explanation", "decisions", "project")
_LINK = re.compile(r"(!?\[(?:[^\]\\]|\\.)*\])\(([^)\s]+)\)")
_OUTSIDE = re.compile(r"^(?:[a-z]+:|#|/)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for source, place in ELSEWHERE.items():
        if (PROJECT / source).exists():
            text = (PROJECT / source).read_text("utf-8")
            files.append(File.generated(config, place, content=text))
    files.append(File.generated(config, "reference/python.md", content=PYTHON_API))
    decisions = sorted((PROJECT / "docs/decisions").glob("[0-9]*.md"))
    lines = [f"- [{_title(path)}]({path.name})" for path in decisions]
    index = "# Decisions\n\nWhy it is so, each on a page.\n\n" + "\n".join(lines)
    files.append(File.generated(config, "decisions/index.md", content=index))
    return files


def on_nav(nav: Navigation, **_: object) -> Navigation:
    sections = [item for item in nav.items if isinstance(item, Section)]
    sections.sort(key=lambda section: ORDER.index(section.title.lower().replace(" ", "-")))
    nav.items = [item for item in nav.items if not isinstance(item, Section)] + sections
    return nav


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    places = {place: source for source, place in ELSEWHERE.items()}
    # The text's place in the project, and in the site.
    source = PROJECT / places.get(page.file.src_uri, f"docs/{page.file.src_uri}")

    def led(match: re.Match[str]) -> str:
        text, target = match.groups()
        if _OUTSIDE.match(target):
            return match[0]
        path, mark, anchor = target.partition("#")
        found = os.path.relpath(os.path.normpath(source.parent / path), PROJECT).replace(
            os.sep, "/"
        )
        if found.startswith("docs/"):
            place = found.removeprefix("docs/")
            place = f"{place}/index.md" if (PROJECT / found).is_dir() else place
        elif found in ELSEWHERE:
            place = ELSEWHERE[found]
        else:
            # A source file: the site shows only its name.
            return f"`{found}`" if not text.startswith("!") else match[0]
        start = PurePosixPath(page.file.src_uri).parent
        shown = os.path.relpath(place, start).replace(os.sep, "/")
        return f"{text}({shown}{mark}{anchor})"

    return _LINK.sub(led, markdown)


def _title(path: Path) -> str:
    return path.read_text("utf-8").partition("\n")[0].removeprefix("# ")
