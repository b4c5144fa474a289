"""`/_emulator/docs`: the documentation of this release; it needs no network."""

from functools import cache
from pathlib import Path
from typing import TypedDict

from starlette.responses import Response

from emulator.core.errors import Refused
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint

_HERE = Path(__file__).resolve().parents[2]
# Inside an installed package, next to the package in a checkout.
_FOLDERS = (_HERE / "docs", _HERE.parent / "docs")
_GROUPS = ("how-to", "reference")
_MARKDOWN = "text/markdown"


class DocShape(TypedDict):
    """`name` is the page's address below this one, such as `how-to/obs`."""

    name: str
    group: str
    title: str


class DocList(TypedDict):
    docs: list[DocShape]
    total: int


@endpoint("GET", "/docs")
def list_docs(_call: Call) -> DocList:
    """List the pages of the documentation."""
    docs: list[DocShape] = [
        {"name": name, "group": name.partition("/")[0], "title": _title(text)}
        for name, text in _pages().items()
    ]
    return {"docs": docs, "total": len(docs)}


@endpoint("GET", "/docs/{group}/{name}", downloads=(_MARKDOWN,))
def get_doc(_call: Call, group: str, name: str) -> Response:
    """Read a page of the documentation, as Markdown."""
    text = _pages().get(f"{group}/{name}")
    if text is None:
        raise Refused("not_found", "There is no such page of the documentation.")
    return Response(text, media_type=_MARKDOWN)


@cache
def _pages() -> dict[str, str]:
    """Return all pages by name: a request's name is looked up here, and never opened as a path."""
    root = next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[-1])
    return {
        f"{group}/{path.stem}": path.read_text("utf-8")
        for group in _GROUPS
        for path in sorted((root / group).glob("*.md"))
    }


def _title(text: str) -> str:
    return text.partition("\n")[0].lstrip("# ")
