"""The OpenAPI documents as one line per operation, which a person can compare.

`python -m tests.support.published` writes the file again after a wanted change. Clients are
generated from the documents, so a published name stays.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from emulator.web.openapi.routes import document

FILE = Path(__file__).with_suffix(".txt")
_REFERENCE = re.compile(r"#/components/schemas/(\w+)")


def lines() -> list[str]:
    """One line per operation: its name, parameters, body and answers, and a digest of the rest.

    The digest covers every referenced schema and example, but neither links nor descriptions; a
    summary is in `docs/reference/endpoints.md`.
    """
    surfaces = {"platform": document("documented"), "admin": document("admin")}
    return sorted(line for surface, value in surfaces.items() for line in lines_of(surface, value))


def lines_of(surface: str, value: dict[str, Any]) -> list[str]:
    schemas = value["components"]["schemas"].items()
    texts = {name: name + _text(schema) for name, schema in schemas}
    return [
        f"{surface} {path} {method.upper()} {_line(operation, texts)}"
        for path, methods in value["paths"].items()
        for method, operation in methods.items()
    ]


def _line(operation: dict[str, Any], texts: dict[str, str]) -> str:
    security = operation.get("security")
    auth = "public" if not security else "optional" if {} in security else "user"
    names = [
        parameter["name"]
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query"
    ]
    body = operation.get("requestBody", {}).get("content", {})
    answers = [
        ":".join(filter(None, (status, *map(_name, answer.get("content", {}).values()))))
        for status, answer in operation["responses"].items()
        if status < "400"
    ]
    refusals = [status for status in operation["responses"] if status >= "400"]
    facts = {
        "auth": [auth],
        "query": names,
        "body": [_name(content) or form for form, content in body.items()],
        "gives": answers,
        "refuses": refusals,
        "rest": [_digest(operation, texts)],
    }
    said = " ".join(f"{fact}={','.join(values)}" for fact, values in facts.items() if values)
    return f"{operation['operationId']} {said}"


def _name(content: dict[str, Any]) -> str:
    schema = content["schema"]
    reference = schema.get("$ref") or schema.get("items", {}).get("$ref", "")
    return str(reference.rpartition("/")[2])


def _digest(operation: dict[str, Any], texts: dict[str, str]) -> str:
    answers = {
        status: {fact: content for fact, content in answer.items() if fact != "links"}
        for status, answer in operation["responses"].items()
    }
    whole, seen = [_text(operation | {"responses": answers})], set()
    for text in whole:
        for name in _REFERENCE.findall(text):
            if name not in seen:
                seen.add(name)
                whole.append(texts[name])
    return hashlib.sha256("".join([whole[0], *sorted(whole[1:])]).encode()).hexdigest()[:10]


def _text(value: Any) -> str:
    """A value as JSON, without descriptions and with the required names in order."""

    def bare(item: dict[str, Any]) -> dict[str, Any]:
        required = item.get("required")
        if isinstance(required, list):
            item["required"] = sorted(required)
        return {
            name: content
            for name, content in item.items()
            if name not in ("summary", "description") or not isinstance(content, str)
        }

    return json.dumps(json.loads(json.dumps(value), object_hook=bare), sort_keys=True)


if __name__ == "__main__":
    FILE.write_text("".join(f"{line}\n" for line in lines()), "utf-8")
