"""Compare: the differences of two OpenAPI documents of the same platform."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from msgspec import Struct

_METHODS = ("get", "post", "put", "patch", "delete")
_NAME = re.compile(r"{[^}]*}")
_REFERENCES_MAX = 20
_ONE_OF = "one of "

Kind = Literal["missing here", "missing there", "differs"]


class Difference(Struct, frozen=True):
    """One difference.

    `here` is our document, `there` the other; `operation` is `GET /streams/{}`.
    """

    operation: str
    kind: Kind
    message: str


class NoDocument(ValueError):
    """A file that is not an OpenAPI document."""


def compare(here: Mapping[str, Any], there: Mapping[str, Any]) -> list[Difference]:
    """Return the differences by operation, ignoring the names of path parameters.

    Raises `NoDocument` for anything but an OpenAPI 3 document.
    """
    ours, theirs = _operations(here), _operations(there)
    differences: list[Difference] = []
    for operation in sorted({*ours, *theirs}, key=lambda name: name.split()[::-1]):
        if operation not in ours:
            differences.append(Difference(operation, "missing here", "the whole operation"))
        elif operation not in theirs:
            differences.append(Difference(operation, "missing there", "the whole operation"))
        else:
            pair = _Side(here, ours[operation]), _Side(there, theirs[operation])
            differences += (Difference(operation, kind, text) for kind, text in _differ(*pair))
    return differences


class _Side(Struct, frozen=True):
    """One operation of one document."""

    document: Mapping[str, Any]
    operation: Mapping[str, Any]

    def parameters(self) -> dict[str, str]:
        """Return the query parameters with their types."""
        listed = [self.resolved(item) for item in self.operation.get("parameters", [])]
        return {
            values["name"]: self.kind(values.get("schema", {}))
            for values in listed
            if values.get("in") == "query"
        }

    def body(self) -> dict[str, str]:
        content = self.resolved(self.operation.get("requestBody", {})).get("content", {})
        return self.fields(_json_schema(content))

    def answers(self) -> dict[str, dict[str, str]]:
        """Return the fields of each success status."""
        return {
            status: self.fields(_json_schema(self.resolved(answer).get("content", {})))
            for status, answer in self.operation.get("responses", {}).items()
            if str(status).startswith("2")
        }

    def fields(self, schema: Mapping[str, Any]) -> dict[str, str]:
        """Return the fields of an object, or of a list's items, with their types."""
        resolved = self.resolved(schema)
        if resolved.get("type") == "array":
            return self.fields(resolved.get("items", {}))
        values: dict[str, str] = {}
        for part in (*resolved.get("allOf", ()), *resolved.get("anyOf", ())[:1]):
            values |= self.fields(part)
        properties = resolved.get("properties", {})
        return values | {name: self.kind(item) for name, item in properties.items()}

    def kind(self, schema: Mapping[str, Any]) -> str:
        """Return a schema's type in a few words, without null, which not all documents write."""
        resolved = self.resolved(schema)
        options = resolved.get("anyOf") or resolved.get("oneOf")
        if options:
            kinds = sorted({self.kind(option) for option in options} - {"null"})
            return " or ".join(kinds) or "null"
        if "enum" in resolved:
            return _ONE_OF + ", ".join(map(str, resolved["enum"]))
        kind = resolved.get("type", "object" if "properties" in resolved else "anything")
        if isinstance(kind, list):
            kind = " or ".join(sorted({*kind} - {"null"})) or "null"
        return str(kind)

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        for _ in range(_REFERENCES_MAX):
            reference = schema.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#/"):
                return schema
            result: Any = self.document
            for name in reference[2:].split("/"):
                result = result.get(name, {}) if isinstance(result, dict) else {}
            schema = result
        return {}


def _differ(here: _Side, there: _Side) -> Iterator[tuple[Kind, str]]:
    yield from _fields("query", here.parameters(), there.parameters())
    yield from _fields("body", here.body(), there.body())
    ours, theirs = here.answers(), there.answers()
    for status in sorted({*ours, *theirs}):
        if status not in ours:
            yield "missing here", f"answer {status}"
        elif status not in theirs:
            yield "missing there", f"answer {status}"
        else:
            yield from _fields(f"answer {status}", ours[status], theirs[status])


def _fields(
    where: str, ours: Mapping[str, str], theirs: Mapping[str, str]
) -> Iterator[tuple[Kind, str]]:
    for name in sorted({*ours, *theirs}):
        if name not in ours:
            yield "missing here", f"{where}: {name} ({theirs[name]})"
        elif name not in theirs:
            yield "missing there", f"{where}: {name} ({ours[name]})"
        elif not _is_alike(ours[name], theirs[name]):
            yield "differs", f"{where}: {name} is {ours[name]} here, {theirs[name]} there"


def _is_alike(one: str, other: str) -> bool:
    """Whether two types may be the same; a string without an enum may still have fixed values."""
    if one == other or "anything" in (one, other):
        return True
    return "string" in (one, other) and _ONE_OF in (one[: len(_ONE_OF)], other[: len(_ONE_OF)])


def _operations(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    paths = document.get("paths") if isinstance(document, dict) else None
    if not isinstance(paths, dict) or not str(document.get("openapi", "")).startswith("3"):
        raise NoDocument("This is not an OpenAPI 3 document: it has no `openapi: 3` or no `paths`.")
    prefix = _prefix(document)
    values: dict[str, Mapping[str, Any]] = {}
    for path, methods in paths.items():
        short = _NAME.sub("{}", path).rstrip("/") or "/"
        short = _without_version(prefix + short)
        for method in _METHODS:
            if isinstance(methods, dict) and method in methods:
                values[f"{method.upper()} {short}"] = methods[method]
    return values


def _prefix(document: Mapping[str, Any]) -> str:
    servers = document.get("servers") or [{}]
    url = servers[0].get("url", "") if isinstance(servers[0], dict) else ""
    return urlsplit(str(url)).path.rstrip("/")


def _without_version(path: str) -> str:
    """Remove the prefix: both lead to the same operations (contract, Addresses)."""
    for prefix in ("/api/v1", "/v1"):
        if path.startswith(f"{prefix}/"):
            return path.removeprefix(prefix)
    return path


def _json_schema(content: Mapping[str, Any]) -> Mapping[str, Any]:
    for media_type, item in content.items():
        if "json" in media_type:
            schema: Mapping[str, Any] = item.get("schema", {})
            return schema
    return {}
