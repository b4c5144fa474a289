"""Every operation refuses a value of another type than documented, and names the field."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from emulator.settings import Settings
from emulator.web.admin.table import OPERATIONS as ADMIN
from emulator.web.api.models import Request
from emulator.web.api.table import OPERATIONS as PLATFORM
from emulator.web.http.operation import Operation
from tests.support.rest import Caller, check_error
from tests.support.tables import table
from tests.support.tour.people import picture

pytestmark = pytest.mark.parametrize("client", ["in process"], indirect=True)

# Values that a lenient parser would convert to another type.
VALUES: dict[str, tuple[Any, ...]] = {
    "string": ("5", "false", "1.5", ""),
    "integer": (1, 0),
    "number": (1.5,),
    "boolean": (True, False),
    "null": (None,),
    "array": ([], ["5"]),
    "object": ({},),
}
# Where the document says `number`, an integer is valid; JSON does not distinguish 5.0 from 5.
ALSO = {"number": {"integer"}}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.changed(stream_creations_per_minute=0, session_creations_per_minute=0)


def wrong_values(operation: Operation) -> Iterator[tuple[str, Any]]:
    """Each field of the body with the values that it must refuse."""
    assert operation.body is not None
    schema = operation.body.model_json_schema(by_alias=False)
    for name, field in schema.get("properties", {}).items():
        taken = types(field, schema.get("$defs", {}))
        for kind in tuple(taken):
            taken |= ALSO.get(kind, set())
        for kind in VALUES.keys() - taken:
            for value in VALUES[kind]:
                yield name, value


def types(field: dict[str, Any], defined: dict[str, Any]) -> set[str]:
    """The JSON types that a field's schema allows; a field without any allows all."""
    if "$ref" in field:
        field = defined[field["$ref"].rpartition("/")[2]]
    if "anyOf" in field:
        return set[str]().union(*(types(item, defined) for item in field["anyOf"]))
    kind = field.get("type", list(VALUES))
    return {kind} if isinstance(kind, str) else set(kind)


@table(
    ("prefix", "operations"), [("/api/v1", PLATFORM), ("/_emulator", ADMIN)], ids=["api", "admin"]
)
async def test_field_types_wrong_type_is_refused_by_every_operation(
    client: httpx.AsyncClient, prefix: str, operations: list[Operation]
) -> None:
    headers = {"Authorization": "Bearer ak_demo"}
    tried = 0
    for operation in operations:
        if operation.body is None or (operation.upload and operation.is_upload_required):
            continue
        path = prefix + operation.path.replace("{", "").replace("}", "")
        for name, value in wrong_values(operation):
            answer = await client.request(
                operation.method, path, json={name: value}, headers=headers
            )
            tried += 1
            where = f"{operation.method} {path} {name}={json.dumps(value)}"
            assert answer.status_code == 422, where
            places = [mistake["loc"][1:2] for mistake in answer.json()["detail"]]
            if not issubclass(operation.body, Request):
                # A fault is parsed like a scenario, so its errors are not about JSON fields.
                continue
            assert any(item and folded(item[0]) == folded(name) for item in places), where
    assert tried > 100


def folded(name: str) -> str:
    return name.replace("_", "").casefold()


@pytest.mark.parametrize("call", ["/api/v1"], indirect=True)
async def test_field_types_whole_number_may_be_written_with_a_point(call: Caller) -> None:
    session = {"session_name": "Points", "max_participants": 4.0}
    answer = await call("POST", "/video-sessions/sessions", "ak_demo", json=session)
    assert answer.status_code == 201, answer.text
    assert answer.json()["max_participants"] == 4
    answer = await call(
        "POST", "/video-sessions/sessions", "ak_demo", json=session | {"max_participants": 4.5}
    )
    assert check_error(answer, 422)["detail"][0]["loc"] == ["body", "max_participants"]


@pytest.mark.parametrize("call", ["/api/v1"], indirect=True)
async def test_field_types_queries_and_forms_are_text(call: Caller) -> None:
    assert (await call("GET", "/streams/trending?limit=3")).json()["limit"] == 3
    [vod] = (await call("GET", "/streams/users/devops_wizard/vods")).json()
    answer = await call(
        "POST",
        f"/vod/{vod['id']}/thumbnails",
        "ak_demo_devops_wizard",
        data={"time_seconds": "5"},
        files={"file": ("picture.png", picture(), "image/png")},
    )
    assert answer.status_code == 201, answer.text
