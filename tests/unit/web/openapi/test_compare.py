"""Two documents: differences are reported, equal parts are not."""

from typing import Any

import pytest

from emulator.web.openapi.compare import NoDocument, compare
from emulator.web.openapi.routes import document
from tests.support.tables import table


def of(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "paths": paths, **more}


def get(fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": fields}
    answer = {"content": {"application/json": {"schema": schema}}}
    return {"get": {"responses": {"200": answer}, **more}}


def differences(here: dict[str, Any], there: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (difference.operation, difference.kind, difference.message)
        for difference in compare(here, there)
    ]


def test_compare_document_does_not_differ_from_itself() -> None:
    assert compare(document("documented"), document("documented")) == []


def test_compare_prefixes_slashes_and_parameter_names_do_not_matter() -> None:
    ours = of({"/streams/{stream_id}": get({})}, servers=[{"url": "/api/v1"}])
    theirs = of({"/v1/streams/{id}/": get({})}, servers=[{"url": "https://api.example.com"}])
    assert differences(ours, theirs) == []


def test_compare_missing_operations_are_listed() -> None:
    assert differences(of({"/a": get({})}), of({"/b": get({})})) == [
        ("GET /a", "missing there", "the whole operation"),
        ("GET /b", "missing here", "the whole operation"),
    ]


def test_compare_fields_and_types_are_compared_through_references() -> None:
    shared = {"schemas": {"Thing": {"type": "object", "properties": {"id": {"type": "string"}}}}}
    ours = of({"/a": get({"thing": {"type": "string"}, "x": {"type": ["integer", "null"]}})})
    theirs = of(
        {"/a": get({"thing": {"$ref": "#/components/schemas/Thing"}, "y": {"type": "integer"}})},
        components=shared,
    )
    assert differences(ours, theirs) == [
        ("GET /a", "differs", "answer 200: thing is string here, object there"),
        ("GET /a", "missing there", "answer 200: x (integer)"),
        ("GET /a", "missing here", "answer 200: y (integer)"),
    ]


def test_compare_queries_are_compared() -> None:
    query = [{"name": "limit", "in": "query", "schema": {"type": "integer"}}]
    assert differences(of({"/a": get({}, parameters=query)}), of({"/a": get({})})) == [
        ("GET /a", "missing there", "query: limit (integer)")
    ]


def test_compare_unlisted_enum_may_have_any_value() -> None:
    words, text = {"type": "string", "enum": ["a", "b"]}, {"type": "string"}
    assert differences(of({"/a": get({"x": words})}), of({"/a": get({"x": text})})) == []
    assert differences(of({"/a": get({"x": text})}), of({"/a": get({"x": words})})) == []
    other = {"enum": ["a", "c"]}
    assert differences(of({"/a": get({"x": words})}), of({"/a": get({"x": other})})) == [
        ("GET /a", "differs", "answer 200: x is one of a, b here, one of a, c there")
    ]
    number = {"type": "integer"}
    assert len(differences(of({"/a": get({"x": words})}), of({"/a": get({"x": number})}))) == 1


@table("value", [{}, [], {"openapi": "2.0", "paths": {}}, {"openapi": "3.1.0"}])
def test_compare_invalid_document_is_refused(value: Any) -> None:
    with pytest.raises(NoDocument):
        compare(document("documented"), value)


def test_compare_circular_reference_ends() -> None:
    loop = {"schemas": {"A": {"$ref": "#/components/schemas/A"}}}
    circular = of({"/a": get({"thing": {"$ref": "#/components/schemas/A"}})}, components=loop)
    assert differences(circular, circular) == []
