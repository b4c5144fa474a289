"""The OpenAPI documents: complete, valid, and with valid examples."""

import json
from typing import Any

import httpx
import jsonschema_rs
import pytest

from emulator.server import Emulator
from emulator.web.admin.table import OPERATIONS as ADMIN
from emulator.web.api.table import OPERATIONS as PLATFORM
from emulator.web.http.operation import Operation
from emulator.web.openapi.document import documented_path, statuses_refused

DOCUMENTS = {
    "/api/v1/openapi.json": (PLATFORM, "/api/v1"),
    "/v1/openapi.json": (PLATFORM, "/v1"),
    "/_emulator/openapi.json": (ADMIN, "/_emulator"),
}


@pytest.fixture(params=DOCUMENTS)
async def document(
    client: httpx.AsyncClient, emulator: Emulator, request: pytest.FixtureRequest
) -> dict[str, Any]:
    answer = await client.get(request.param)
    assert answer.status_code == 200
    value: dict[str, Any] = answer.json()
    assert value["openapi"] == "3.1.0"
    operations, prefix = DOCUMENTS[request.param]
    assert [server["url"] for server in value["servers"]] == [f"{emulator.ready['http']}{prefix}"]
    check_is_whole(value, operations)
    return value


def check_is_whole(document: dict[str, Any], operations: list[Operation]) -> None:
    payload = {
        (method.upper(), path): item
        for path, methods in document["paths"].items()
        for method, item in methods.items()
    }
    assert payload.keys() == {
        (operation.method, documented_path(operation)) for operation in operations
    }
    for operation in operations:
        item = payload[operation.method, documented_path(operation)]
        assert item["summary"].endswith("."), operation.path
        assert item["x-provenance"] == operation.provenance
        wanted = {operation.status, *operation.also, *statuses_refused(operation)}
        assert {int(status) for status in item["responses"]} == wanted
    ids = [item["operationId"] for item in payload.values()]
    assert len(ids) == len(set(ids))


async def test_openapi_bodies_have_no_defaults(document: dict[str, Any]) -> None:
    """Generators assume that a field with a default is always there."""
    bodies = [
        content["schema"]
        for methods in document["paths"].values()
        for operation in methods.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    ]
    seen: set[str] = set()
    while bodies:
        schema = bodies.pop()
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            bodies += [] if name in seen else [document["components"]["schemas"][name]]
            seen.add(name)
        for inner in schema.get("properties", {}).values():
            assert "default" not in inner
        bodies += [
            *schema.get("properties", {}).values(),
            *schema.get("anyOf", ()),
            *([schema["items"]] if "items" in schema else []),
        ]


async def test_openapi_everything_has_an_example_that_fits_its_schema(
    document: dict[str, Any],
) -> None:
    # All operations share their errors: each shape and example is checked once.
    where = {
        json.dumps([content["schema"], content["example"]]): f"{method} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for content in contents(operation)
    }
    assert len(where) > 50
    for text, operation in where.items():
        schema, example = json.loads(text)
        schema |= {"components": document["components"]}
        assert jsonschema_rs.is_valid(schema, example), operation


def contents(operation: dict[str, Any]) -> list[dict[str, Any]]:
    holders = [*operation["responses"].values(), operation.get("requestBody", {})]
    return [content for holder in holders for content in holder.get("content", {}).values()]


async def test_openapi_website_requests_are_documented_as_sent(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]
    assert schemas["BatchRequest"]["properties"].keys() == {"videoIds", "options"}
    assert {"extractThumbnail", "thumbnailTimestamp"} <= schemas["ProcessOptions"][
        "properties"
    ].keys()
    queries = document["paths"]["/video/library"]["get"]["parameters"]
    assert {query["name"] for query in queries} >= {"pageSize", "sortBy", "sortOrder"}


async def test_openapi_admin_bodies_are_documented_as_sent(client: httpx.AsyncClient) -> None:
    schemas = (await client.get("/_emulator/openapi.json")).json()["components"]["schemas"]

    assert schemas["ClockAdvance"]["required"] == ["seconds"]
    assert schemas["ClockAdvance"]["properties"].keys() == {"seconds"}
    assert schemas["RunStep"]["properties"].keys() == {"seconds"}
    assert {"from", "for"} < schemas["ViewersOrder"]["properties"].keys()
    # Bounds of our own validators, which pydantic does not see, are in the JSON Schema,
    count = schemas["ViewersOrder"]["properties"]["count"]["anyOf"][0]
    assert (count["minimum"], count["maximum"]) == (0, 10_000_000)
    # and those of a duration in milliseconds are not, since it is sent in another unit.
    assert jsonschema_rs.is_valid(schemas["RunStep"], {"seconds": 0.5})
    assert jsonschema_rs.is_valid(schemas["ViewersOrder"], {"count": 3, "signed_in": "40%"})


async def test_openapi_links_lead_from_resources_to_their_operations(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document == (await client.get("/api/v1/openapi.json")).json()
    links = document["paths"]["/streams/"]["post"]["responses"]["201"]["links"]
    assert links["get_stream"]["parameters"] == {"stream_id": "$response.body#/id"}


async def test_openapi_page_works_without_a_foreign_host(client: httpx.AsyncClient) -> None:
    answer = await client.get("/docs")
    assert answer.status_code == 200
    assert "://" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
