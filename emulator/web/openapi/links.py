"""Links: which answer contains the id that another operation needs (OpenAPI 3.1, Link Object).

A path that ends with a name, such as `/streams/id/{stream_id}`, shows what the name identifies: the
shape of its GET answer. All other answers with this shape can link to it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_NAME = re.compile(r"{(\w+)}")
# The most links of one operation: enough for a walk, few enough to read.
_LINKS_MAX = 12

Paths = dict[str, dict[str, Any]]


def add_links(paths: Paths, components: Mapping[str, Any]) -> None:
    """Add the links to the document's operations."""
    subjects = _subjects(paths)
    targets = {name: list(_targets(paths, name)) for name in subjects}
    for path, methods in paths.items():
        for operation in methods.values():
            for answer in _successes(operation):
                schema = _schema(answer)
                links: dict[str, Any] = {}
                for name, shapes in subjects.items():
                    pointer = _pointer(schema, name, shapes, components)
                    if pointer:
                        links |= _links(name, pointer, targets[name], set(_NAME.findall(path)))
                if links:
                    answer["links"] = dict(list(links.items())[:_LINKS_MAX])


def _subjects(paths: Paths) -> dict[str, set[str]]:
    """Return the shapes that each name of a path identifies."""
    values: dict[str, set[str]] = {}
    for path, methods in paths.items():
        name = _NAME.fullmatch(path.rpartition("/")[2])
        if name and "get" in methods:
            for answer in _successes(methods["get"]):
                values.setdefault(name[1], set()).update(_references(_schema(answer)))
    return {name: shapes for name, shapes in values.items() if shapes}


def _targets(paths: Paths, name: str) -> Iterable[tuple[str, set[str]]]:
    """Yield the operations that need a name, each with the other names that it needs.

    Those of the named thing itself come first.
    """
    for path, methods in sorted(
        paths.items(), key=lambda path: not path[0].endswith(f"{{{name}}}")
    ):
        names = set(_NAME.findall(path))
        if name in names:
            for operation in methods.values():
                yield operation["operationId"], names - {name}


def _links(
    name: str, pointer: str, targets: list[tuple[str, set[str]]], known: set[str]
) -> dict[str, Any]:
    """Return the links to targets whose other names are in this operation's own path."""
    return {
        operation_id: {
            "operationId": operation_id,
            "parameters": {name: f"$response.body#{pointer}"}
            | {other: f"$request.path.{other}" for other in sorted(others)},
        }
        for operation_id, others in targets
        if others <= known
    }


def _pointer(schema: Any, name: str, shapes: set[str], components: Mapping[str, Any]) -> str:
    """Return the JSON pointer to a shape's name in an answer; empty if it contains none.

    The name is a field of the same name (`slug`), or else the `id`.
    """
    key = name if any(name in components[shape]["properties"] for shape in shapes) else "id"
    if _references(schema) & shapes:
        return f"/{key}"
    if schema.get("type") == "array" and _references(schema.get("items", {})) & shapes:
        return f"/0/{key}"
    for reference in _references(schema):
        for field, inner in components[reference].get("properties", {}).items():
            if inner.get("type") == "array" and _references(inner.get("items", {})) & shapes:
                return f"/{field}/0/{key}"
    return ""


def _successes(operation: Any) -> Iterable[Any]:
    return [answer for status, answer in operation["responses"].items() if status < "300"]


def _schema(answer: Any) -> Any:
    return answer.get("content", {}).get("application/json", {}).get("schema", {})


def _references(schema: Any) -> set[str]:
    """Return the components that a value of this schema may be."""
    options = [schema, *schema.get("anyOf", ())]
    return {option["$ref"].rpartition("/")[2] for option in options if "$ref" in option}
