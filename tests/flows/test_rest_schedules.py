"""A stream's schedule, which is the same value as its `scheduled_start`."""

from typing import Any

import pytest

from tests.support.rest import Caller, check_error, create

SCHEDULE = {"stream_id", "title", "scheduled_start", "scheduled_end", "duration_minutes"}


async def test_stream_schedules_are_set_and_withdrawn(call: Caller) -> None:
    stream = await create(call)
    path = f"/streams/{stream['id']}/schedule"
    nothing = await call("GET", path)
    assert (nothing.status_code, nothing.json()) == (200, None)

    planned = await call(
        "POST", path, "ak_demo", json={"scheduledStart": "2999-01-01T10:00:00+02:00"}
    )
    assert planned.status_code == 201
    payload = planned.json()
    assert payload.keys() == SCHEDULE
    assert payload["scheduled_start"] == "2999-01-01T08:00:00.000Z"
    assert (payload["scheduled_end"], payload["duration_minutes"]) == (
        "2999-01-01T09:00:00.000Z",
        60,
    )
    assert (await call("GET", path)).json() == payload
    shown = (await call("GET", f"/streams/id/{stream['id']}")).json()
    assert shown["scheduled_start"] == payload["scheduled_start"]

    again = {"scheduled_start": "2999-01-02T00:00:00", "duration_minutes": 90}
    assert (await call("POST", path, "ak_demo", json=again)).status_code == 201
    assert (await call("GET", path)).json()["scheduled_end"] == "2999-01-02T01:30:00.000Z"

    assert (await call("DELETE", path, "ak_demo")).status_code == 204
    assert (await call("GET", path)).json() is None
    check_error(await call("DELETE", path, "ak_demo"), 404)


async def test_stream_schedules_start_set_at_creation_is_one(call: Caller) -> None:
    stream = await create(call, scheduled_start="2999-01-01T00:00:00Z")
    path = f"/streams/{stream['id']}/schedule"

    payload = (await call("GET", path)).json()
    assert payload["scheduled_start"] == stream["scheduled_start"]
    assert payload["scheduled_end"] is payload["duration_minutes"] is None
    await call("PUT", f"/streams/id/{stream['id']}", "ak_demo", json={"scheduled_start": None})
    assert (await call("GET", path)).json() is None


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"scheduled_start": "2020-01-01T00:00:00Z"}, "scheduled_start"),
        ({"scheduled_start": "9999-12-31T23:59:59-14:00"}, "scheduled_start"),
        ({"scheduled_start": "soon"}, "scheduled_start"),
        ({}, "scheduled_start"),
        ({"scheduled_start": "2999-01-01T00:00:00Z", "duration_minutes": 0}, "duration_minutes"),
        ({"scheduled_start": "2999-01-01T00:00:00Z", "duration_minutes": 1441}, "duration_minutes"),
    ],
)
async def test_stream_schedules_invalid_one_is_422(
    call: Caller, body: dict[str, Any], loc: str
) -> None:
    stream = await create(call)

    answer = await call("POST", f"/streams/{stream['id']}/schedule", "ak_demo", json=body)

    (mistake,) = check_error(answer, 422)["detail"]
    assert mistake["loc"] == ["body", loc]
    assert (await call("GET", f"/streams/{stream['id']}/schedule")).json() is None


async def test_stream_schedules_need_an_offline_stream_and_its_owner(call: Caller) -> None:
    stream = await create(call, visibility="private")
    path = f"/streams/{stream['id']}/schedule"
    body = {"scheduled_start": "2999-01-01T00:00:00Z"}

    check_error(await call("GET", path), 404)
    check_error(await call("POST", path, json=body), 401)
    check_error(await call("DELETE", path), 401)
    check_error(await call("POST", path, "ak_demo_viewer", json=body), 404)
    await call("PUT", f"/streams/id/{stream['id']}", "ak_demo", json={"visibility": "public"})
    check_error(await call("POST", path, "ak_demo_viewer", json=body), 403)
    check_error(await call("DELETE", path, "ak_demo_viewer"), 403)
    check_error(await call("POST", "/streams/nowhere/schedule", "ak_demo", json=body), 404)

    await call("POST", path, "ak_demo", json=body)
    await call("POST", f"/streams/id/{stream['id']}/start", "ak_demo")
    check_error(await call("POST", path, "ak_demo", json=body), 409)
    await call("POST", f"/streams/{stream['id']}/end", "ak_demo")
    check_error(await call("DELETE", path, "ak_demo"), 409)
    assert (await call("GET", path)).json()["scheduled_start"] == "2999-01-01T00:00:00.000Z"
