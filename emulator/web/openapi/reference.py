"""The page docs/reference/endpoints.md, made from the table of operations (`make docs`)."""

from collections.abc import Iterable
from itertools import groupby

from emulator.web.http.operation import Operation
from emulator.web.openapi.document import statuses_refused

_HEAD = """# Endpoints

Made from the functions that serve them (`emulator/web/api`) by `make docs`; a test keeps it
true. The same functions make `/openapi.json`, which has the shapes too.

Paths are below `/api/v1` and `/v1`, with and without a slash at the end. Auth: `public`; `optional`
shows more to a signed-in caller; `user` needs a key or token. Whether the caller is the owner, a
moderator or a host is judged by the operation itself (403). Provenance says how sure a row is:
`documented` by the platform, from its `guide`s, read off its `client`s, the `cdn`'s behaviour, or
`assumed`.
"""
_COLUMNS = """
| method | path | auth | success | refusals | provenance | |
|---|---|---|---|---|---|---|
"""


def markdown(operations: Iterable[Operation]) -> str:
    """Return the page: a section for each first part of the paths, sorted by path."""
    ordered = sorted(operations, key=lambda operation: (_section(operation), operation.path))
    sections = [
        f"\n## {section}\n{_COLUMNS}" + "".join(map(_row, operations))
        for section, operations in groupby(ordered, key=_section)
    ]
    return _HEAD + "".join(sections)


def _section(operation: Operation) -> str:
    return "/" + operation.path.strip("/").partition("/")[0]


def _row(operation: Operation) -> str:
    successes = ", ".join(map(str, (operation.status, *operation.also)))
    refusals = ", ".join(map(str, sorted(statuses_refused(operation))))
    return (
        f"| {operation.method} | `{operation.path}` | {operation.auth} | {successes} | {refusals}"
        f" | {operation.provenance} | {operation.summary} |\n"
    )
