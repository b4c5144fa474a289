"""The weekly schedule: the times at which users stream."""

from datetime import UTC, datetime
from typing import Any

from tests.support.rest import CATEGORY, Caller, check_error

SCHEDULE = {
    "id",
    "user_id",
    "day_of_week",
    "start_time",
    "end_time",
    "title",
    "category",
    "is_recurring",
    "created_at",
}
UPCOMING = {
    "schedule_id",
    "date",
    "day_of_week",
    "day_name",
    "start_time",
    "end_time",
    "title",
    "category",
}
MINE = "/streams/me/schedule"
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
BODY = {"day_of_week": 2, "start_time": "09:30", "end_time": "11:00", "title": "Live <b>coding</b>"}


async def make(call: Caller, **body: Any) -> dict[str, Any]:
    answer = await call("POST", MINE, "ak_demo", json=BODY | body)
    assert answer.status_code == 201, answer.text
    values: dict[str, Any] = answer.json()
    return values


async def week(call: Caller) -> dict[str, Any]:
    """The demo account's schedule, which is the same for itself and for others."""
    mine = (await call("GET", MINE, "ak_demo")).json()
    assert (await call("GET", "/streams/users/demo/schedule")).json() == mine
    assert mine.keys() == {"user_id", "username", "schedule", "total_entries"}
    assert [item["day_name"] for item in mine["schedule"]] == DAYS
    assert [item["day_of_week"] for item in mine["schedule"]] == list(range(7))
    values: dict[str, Any] = mine
    return values


async def test_week_schedule_seeded_one_is_listed_and_comes(call: Caller) -> None:
    payload = (await call("GET", "/streams/users/urbantech/schedule")).json()
    coming = (await call("GET", "/streams/users/urbantech/upcoming")).json()["upcoming_streams"]

    assert (payload["username"], payload["total_entries"]) == ("urbantech", 2)
    assert [len(day["schedules"]) for day in payload["schedule"]] == [1, 0, 1, 0, 0, 0, 0]
    assert payload["schedule"][0]["schedules"][0]["category"].keys() == CATEGORY
    assert {item["day_name"] for item in coming} == {"Monday", "Wednesday"}
    for item in coming:
        assert item.keys() == UPCOMING
        assert (item["start_time"], item["end_time"]) == ("10:00", "14:00")
        date = datetime.strptime(item["date"], "%Y-%m-%d").replace(tzinfo=UTC)
        assert date.weekday() == item["day_of_week"]
    weeks = await call("GET", "/streams/users/urbantech/upcoming", params={"days": 28})
    assert 8 <= len(weeks.json()["upcoming_streams"]) <= 9


async def test_week_schedule_time_is_created_changed_and_removed(call: Caller) -> None:
    categories = (await call("GET", "/streams/categories")).json()

    values = await make(call, categoryId=categories[0]["id"])

    assert values.keys() == SCHEDULE
    assert {name: values[name] for name in BODY} == BODY
    assert (values["category"]["id"], values["is_recurring"]) == (categories[0]["id"], True)
    assert (await week(call))["schedule"][2]["schedules"] == [values]
    path = f"{MINE}/{values['id']}"
    changed = await call(
        "PUT",
        path,
        "ak_demo",
        json={"endTime": "10:00", "category_id": None, "is_recurring": False},
    )
    assert changed.json() == values | {"end_time": "10:00", "category": None, "is_recurring": False}
    (coming,) = (await call("GET", "/streams/users/demo/upcoming", params={"days": 31})).json()[
        "upcoming_streams"
    ]
    assert coming["schedule_id"] == values["id"]
    assert (await call("DELETE", path, "ak_demo")).status_code == 204
    assert (await week(call))["total_entries"] == 0
    check_error(await call("DELETE", path, "ak_demo"), 404)
    check_error(await call("PUT", path, "ak_demo", json={}), 404)


async def test_week_schedule_invalid_times_are_refused(call: Caller) -> None:
    values = await make(call)
    path = f"{MINE}/{values['id']}"

    conflict = check_error(await call("POST", MINE, "ak_demo", json=BODY), 409)
    assert "Overlaps Wednesday 09:30 to 11:00" in conflict["detail"]
    for method, where, body in (
        ("POST", MINE, BODY | {"end_time": "09:30"}),
        ("PUT", path, {"start_time": "11:00"}),
    ):
        (mistake,) = check_error(await call(method, where, "ak_demo", json=body), 422)["detail"]
        assert mistake["loc"] == ["body", "end_time"]
    unknown = {"category_id": "nothing", "day_of_week": 3}
    check_error(await call("POST", MINE, "ak_demo", json=BODY | unknown), 404)
    check_error(await call("PUT", path, "ak_demo", json=unknown), 404)
    for method, change in (("PUT", {}), ("DELETE", None)):
        check_error(await call(method, path, "ak_demo_viewer", json=change), 403)
        check_error(await call(method, path, json=change), 401)
    check_error(await call("GET", MINE), 401)
    check_error(await call("POST", MINE, json=BODY), 401)
    assert (await week(call))["schedule"][2]["schedules"] == [values]


async def test_week_schedule_bad_input_is_422_at_its_field(call: Caller) -> None:
    wrong: list[tuple[str, object]] = [
        *(("day_of_week", value) for value in (7, -1, "Monday", None)),
        *(("start_time", value) for value in ("9:30", "24:00", "09:30:00", 930)),
        *(("end_time", value) for value in ("11:60", "\u0661\u0661:\u0660\u0660", "-1:00")),
        *(("title", value) for value in ("", "x" * 201)),
        ("is_recurring", "sometimes"),
        ("category_id", 5),
    ]
    for field, value in wrong:
        answer = await call("POST", MINE, "ak_demo", json=BODY | {field: value})
        places = [item["loc"] for item in check_error(answer, 422)["detail"]]
        assert places == [["body", field]], (field, value)


async def test_week_schedule_upcoming_covers_one_to_31_days(call: Caller) -> None:
    for days in (0, 32, "week"):
        answer = await call("GET", "/streams/users/demo/upcoming", params={"days": days})
        check_error(answer, 422)
