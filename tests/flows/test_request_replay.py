"""A logged request is sent again: as the same user, with the same body, marked as a replay."""

import json
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.support.required_programs import need
from tests.support.rest import Caller, check_error, create

pytestmark = pytest.mark.parametrize("client", ["in process"], indirect=True)


async def newest(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    """The last request of an app, with all details."""
    page = await client.get("/_emulator/requests", params={"order": "newest", "limit": 1, **query})
    detail = await client.get(f"/_emulator/requests/{page.json()['requests'][0]['seq']}")
    assert detail.status_code == 200, detail.text
    values: dict[str, Any] = detail.json()
    return values


async def replay(client: httpx.AsyncClient, seq: int) -> dict[str, Any]:
    answer = await client.post(f"/_emulator/requests/{seq}/replay")
    assert answer.status_code == 200, answer.text
    values: dict[str, Any] = answer.json()
    return values


async def words_of(line: str) -> list[str]:
    """The arguments that a shell gives to curl."""
    script = "curl() { printf '%s\\0' \"$@\"; }; " + line
    shell = await create_subprocess_exec(need("sh"), "-c", script, stdout=PIPE)
    output, _ = await shell.communicate()
    return output.decode().split("\0")[:-1]


async def test_request_log_pages_back_from_the_newest(
    client: httpx.AsyncClient, call: Caller
) -> None:
    for number in range(5):
        await call("GET", f"/streams/?page={number + 1}")
    query: dict[str, Any] = {"order": "newest", "limit": 2}
    first = (await client.get("/_emulator/requests", params=query)).json()
    assert [item["query"]["page"] for item in first["requests"]] == ["5", "4"]
    query["before"] = first["next_cursor"]
    second = (await client.get("/_emulator/requests", params=query)).json()
    assert [item["query"]["page"] for item in second["requests"]] == ["3", "2"]
    assert (first["has_more"], second["has_more"]) == (True, True)
    # A page that has the first two asks for newer ones.
    query = {"order": "newest", "after": second["requests"][0]["seq"]}
    newer = (await client.get("/_emulator/requests", params=query)).json()
    assert newer["requests"] == first["requests"]


async def test_request_detail_has_the_events_that_it_caused(
    client: httpx.AsyncClient, call: Caller
) -> None:
    stream = await create(call, "ak_auto_newcomer")
    detail = await newest(client)
    kinds = [event["kind"] for event in detail["events"]]
    assert kinds == ["AccountMade", "StreamCreated"]
    assert detail["events"][1]["values"]["stream_id"] == stream["id"]
    assert detail["event_count"] == 2
    by_event = {"event": detail["events"][0]["seq"]}
    for query in (by_event, {"trace_id": detail["trace_id"]}):
        page = (await client.get("/_emulator/requests", params=query)).json()
        assert [item["seq"] for item in page["requests"]] == [detail["seq"]]
    await call("GET", "/streams/")
    assert (await newest(client))["events"] == []


async def test_replay_repeats_a_call_that_a_fault_refused(
    client: httpx.AsyncClient, call: Caller
) -> None:
    # Given a call that a fault has failed before its body was read,
    await client.post("/_emulator/faults", json={"api.fail": {"path": "/streams", "status": 500}})
    body = {"title": "It's mine", "nonsense": 1}
    assert (await call("POST", "/streams/", "ak_auto_ada", json=body)).status_code == 500
    failed = await newest(client)
    assert (failed["body"], failed["unknown_fields"]) == (body, ["nonsense"])

    # when it is sent again without the fault,
    await client.delete("/_emulator/faults")
    again = await replay(client, failed["seq"])

    # then it succeeds, as the same user, and is marked.
    assert (again["status"], again["user"], again["replay_of"]) == (201, "ada", failed["seq"])
    assert again["response_body"]["title"] == "It's mine"
    assert "StreamCreated" in [event["kind"] for event in again["events"]]
    marked = (await client.get("/_emulator/requests")).json()["requests"]
    assert [item["replay_of"] for item in marked] == [None, failed["seq"]]


async def test_replay_has_the_same_user_for_any_credential(
    client: httpx.AsyncClient, call: Caller
) -> None:
    login = {"email": "demo@example.com", "password": "demo123456"}
    token = (await call("POST", "/auth/login", json=login)).json()["access_token"]
    signed_in = await newest(client)
    await call("GET", "/users/me", token)
    by_token = await newest(client)
    await call("GET", "/users/me", "ak_wrong")
    by_wrong_key = await newest(client)
    await client.post("/_emulator/clock/advance", json={"seconds": 30 * 86400})

    # The password is sent, though the log hides it.
    again = await replay(client, signed_in["seq"])
    assert (again["status"], again["body"]["password"]) == (200, "***")
    # The token has expired by then, but its user is known.
    assert (await call("GET", "/users/me", token)).status_code == 401
    again = await replay(client, by_token["seq"])
    assert (again["status"], again["user"]) == (200, by_token["user"])
    again = await replay(client, by_wrong_key["seq"])
    assert (again["status"], again["credential"]) == (401, "invalid")


async def test_replay_stays_in_the_requests_world(client: httpx.AsyncClient, call: Caller) -> None:
    await client.post("/_emulator/worlds", json={"name": "other"})
    await call("GET", "/users/me", "ak_demo@other")
    first = await newest(client)
    again = await replay(client, first["seq"])
    assert (again["world"], again["status"]) == ("other", 200)
    assert "ak_demo@other" in again["curl"]


async def test_request_log_has_the_body_of_a_call_to_a_wrong_address(
    client: httpx.AsyncClient, call: Caller
) -> None:
    body = {"title": "Lost"}
    await client.post("/api/v2/streams/", json=body)
    assert (await newest(client))["body"] == body
    await call("POST", "/streems/", "ak_demo", json=body)
    detail = await newest(client)
    assert (detail["status"], detail["body"]) == (404, body)
    again = await replay(client, detail["seq"])
    assert (again["status"], again["body"], again["user"]) == (404, body, "demo")


async def test_request_detail_is_gone_with_its_world(
    client: httpx.AsyncClient, call: Caller
) -> None:
    await client.post("/_emulator/worlds", json={"name": "other"})
    await call("GET", "/users/me", "ak_demo@other")
    seq = (await newest(client))["seq"]
    await client.delete("/_emulator/worlds/other")
    check_error(await client.get(f"/_emulator/requests/{seq}"), 404)


async def test_replay_refuses_files_unknown_and_forgotten_requests(
    client: httpx.AsyncClient, call: Caller
) -> None:
    png = {"file": ("a.png", b"nothing", "image/png")}
    await call("POST", "/users/me/avatar", "ak_demo", files=png)
    upload = await newest(client)
    assert "not in the log" in upload["replay_refusal"]
    answer = await client.post(f"/_emulator/requests/{upload['seq']}/replay")
    assert "not in the log" in check_error(answer, 409)["message"]
    for number, status in (("999", 404), ("x", 422), ("9" * 5000, 422), ("0", 404)):
        check_error(await client.get(f"/_emulator/requests/{number}"), status)
        check_error(await client.post(f"/_emulator/requests/{number}/replay"), status)
    await client.post("/_emulator/reset")
    check_error(await client.get(f"/_emulator/requests/{upload['seq']}"), 404)


async def test_curl_line_is_the_same_request_in_a_shell(
    client: httpx.AsyncClient, call: Caller
) -> None:
    title = 'It\'s $HOME `x` "y" \\ %41 ünï\n!'
    text = json.dumps({"title": title}, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "X-Mine": "a 'b'"}
    path = "/streams/?q=a%20b%26c&x='"
    await call("POST", path, "ak_demo_urbantech", content=text, headers=headers)
    detail = await newest(client)
    assert detail["curl_notes"] == []

    # The arguments that a shell makes of it, one per line.
    words = await words_of(detail["curl"])
    assert words[:2] == ["-X", "POST"]
    assert words[2].startswith("http://")
    assert words[2].endswith(f"{call.prefix}{path}".replace("'", "%27")) or words[2].endswith(path)
    assert words[-2:] == ["--data-raw", text.decode()]
    pairs = set(pairwise(words))
    assert ("-H", "Authorization: Bearer ak_demo_urbantech") in pairs
    assert ("-H", "x-mine: a 'b'") in pairs
    assert ("-H", "content-type: application/json") in pairs


async def test_curl_line_names_the_missing_parts(client: httpx.AsyncClient, call: Caller) -> None:
    login = {"email": "demo@example.com", "password": "demo123456"}
    await call("POST", "/auth/login", json=login)
    detail = await newest(client)
    assert "demo123456" not in json.dumps(detail)
    assert detail["curl_notes"] == ["The body contains a secret: replace *** by it."]
    await call("PATCH", "/users/me", "ak_wrong", content=b"{half")
    detail = await newest(client)
    assert "Authorization: Bearer ***" in detail["curl"]
    assert len(detail["curl_notes"]) == 1
