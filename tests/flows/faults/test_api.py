"""The effects of faults on the platform's API, as a client sees them."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from emulator.server import Emulator
from emulator.web.http.injected_faults import HEADER
from tests.support.rest import Caller, create


async def add(http: httpx.AsyncClient, **written: Any) -> dict[str, Any]:
    """Start a fault; `api_fail` stands for `api.fail`."""
    body = {name.replace("_", "."): value for name, value in written.items()}
    answer = await http.post("/_emulator/faults", json=body)
    assert answer.status_code == 201, answer.text
    values: dict[str, Any] = answer.json()
    return values


async def struck(http: httpx.AsyncClient) -> list[str]:
    page = (await http.get("/_emulator/events?kind=FaultStruck&limit=1000")).json()
    return [event["values"]["subject"] for event in page["events"]]


async def test_api_faults_failed_call_gets_the_error_and_leaves_no_trace(
    http: httpx.AsyncClient, call: Caller
) -> None:
    fault = await add(http, api_fail={"status": 502, "method": "POST"}, times=1)

    refused = await call("POST", "/streams/", "ak_demo", json={"title": "Never made"})
    assert refused.status_code == 502
    assert refused.headers[HEADER] == f"{fault['id']} api.fail"
    assert refused.json()["status"] == 502
    mine = await call("GET", "/streams/?status_filter=all", "ak_demo")
    assert "Never made" not in mine.text
    assert HEADER not in mine.headers
    # It was allowed to strike once, and has.
    await create(call)
    assert await struck(http) == [f"POST {refused.url.path}"]


async def test_api_faults_completed_call_may_still_get_an_error(
    http: httpx.AsyncClient, call: Caller
) -> None:
    await add(http, api_fail={"done": True, "method": "POST"}, times=1)
    answer = await call("POST", "/streams/", "ak_demo", json={"title": "Made all the same"})
    assert answer.status_code == 503
    mine = await call("GET", "/streams/?status_filter=all", "ak_demo")
    assert "Made all the same" in mine.text


async def test_api_faults_cached_response_is_not_used_during_a_fault(
    http: httpx.AsyncClient, call: Caller
) -> None:
    for _ in range(2):
        assert (await call("GET", "/streams/")).status_code == 200
    await add(http, api_fail={"path": "/streams"})
    assert (await call("GET", "/streams/")).status_code == 503
    await http.delete("/_emulator/faults")
    assert (await call("GET", "/streams/")).status_code == 200


async def test_api_faults_delayed_response_is_the_right_one_later(
    http: httpx.AsyncClient, call: Caller
) -> None:
    await add(http, api_delay={"delay": "100ms"})
    began = asyncio.get_running_loop().time()
    answer = await call("GET", "/streams/id/nobody")
    assert asyncio.get_running_loop().time() - began >= 0.1
    assert answer.status_code == 404
    assert answer.headers[HEADER].endswith("api.delay")


async def test_api_faults_call_hangs_until_the_fault_is_over(
    http: httpx.AsyncClient, call: Caller
) -> None:
    fault = await add(http, api_hang={})
    waiting = asyncio.create_task(call("GET", "/streams/"))
    while not await struck(http):
        assert not waiting.done()
        await asyncio.sleep(0)
    assert (await http.delete(f"/_emulator/faults/{fault['id']}")).status_code == 204
    assert (await waiting).status_code == 200


async def test_api_faults_hanging_call_does_not_block_the_server_stop(emulator: Emulator) -> None:
    async with httpx.AsyncClient(base_url=emulator.ready["http"]) as http:
        await add(http, api_hang={})
        waiting = asyncio.create_task(http.get("/api/v1/streams/"))
        while not await struck(http):
            assert not waiting.done()
        await asyncio.sleep(0)
        waiting.cancel()


async def test_api_faults_truncated_response_breaks_that_connection_only(
    http: httpx.AsyncClient, call: Caller
) -> None:
    await add(http, api_cut={}, times=2)
    with pytest.raises(httpx.RemoteProtocolError):
        await call("GET", "/streams/")
    with pytest.raises(httpx.RemoteProtocolError):
        await call("POST", "/streams/", "ak_demo", json={"title": "Made, and nobody was told"})
    mine = await call("GET", "/streams/?status_filter=all", "ak_demo")
    assert "Made, and nobody was told" in mine.text


async def test_api_faults_never_apply_to_the_admin_api(http: httpx.AsyncClient) -> None:
    await add(http, api_fail={})
    assert (await http.get("/_emulator/worlds")).status_code == 200


async def test_api_faults_are_listed_stopped_and_gone_with_a_reset(http: httpx.AsyncClient) -> None:
    await add(http, api_fail={"status": 500}, share="50%", **{"for": "10s"})
    await add(http, api_delay={"delay": "2s"})
    page = (await http.get("/_emulator/faults")).json()
    assert page["total"] == 2
    fault = page["faults"][0]
    assert (fault["kind"], fault["share"], fault["times"]) == ("api.fail", 0.5, None)
    assert fault["values"] == {"status": 500, "done": False}
    assert fault["until"] is not None
    assert page["faults"][1]["values"] == {"delay": "2s"}

    await http.post("/_emulator/reset")
    assert (await http.get("/_emulator/faults")).json()["total"] == 0
    assert (await http.delete("/_emulator/faults/fault-1")).status_code == 404
    assert (await http.post("/_emulator/faults", json={"api.fial": {}})).status_code == 422
    unknown = {"api.fail": {"operation": "POST /streamz/"}}
    refused = await http.post("/_emulator/faults", json=unknown)
    assert refused.status_code == 422
    assert "There is no operation 'POST /streamz'. Did you mean POST /streams?" in refused.text


async def test_api_faults_apply_to_their_own_world_only(
    http: httpx.AsyncClient, call: Caller
) -> None:
    await http.post("/_emulator/worlds", json={"name": "other", "seed": "none"})
    await http.post(
        "/_emulator/faults", json={"api.fail": {}}, headers={"X-Emulator-World": "other"}
    )
    assert (await call("GET", "/streams/")).status_code == 200
    header = {"X-Emulator-World": "other"}
    assert (await call("GET", "/streams/", headers=header)).status_code == 503


async def test_api_faults_responses_come_in_order_and_then_calls_go_through(
    http: httpx.AsyncClient, call: Caller
) -> None:
    own = {"status": 418, "headers": {"X-Proxy": "edge"}, "body": {"short": True}}
    fault = await add(http, api_fail={"answers": [503, 429, "through", own], "retry_after": "90s"})
    answers = [await call("GET", "/streams/") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [503, 429, 200, 418, 200, 200]
    assert [answer.headers.get("Retry-After") for answer in answers[:4]] == ["90", "90", None, "90"]
    assert (answers[3].json(), answers[3].headers["X-Proxy"]) == ({"short": True}, "edge")
    assert [HEADER in answer.headers for answer in answers] == [True] * 4 + [False] * 2
    assert fault["times"] == 4
    assert fault["values"]["answers"] == [503, 429, "through", own]
    assert len(await struck(http)) == 4


async def test_api_faults_responses_repeat_as_often_as_times_says(
    http: httpx.AsyncClient, call: Caller
) -> None:
    await add(http, api_fail={"answers": "503,through"}, times=4)
    answers = [await call("GET", "/streams/") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [503, 200, 503, 200, 200]
    # An answer that a fault let through is not reused for the last call: it has the fault's header.
    assert [HEADER in answer.headers for answer in answers] == [True] * 4 + [False]


async def test_api_faults_failed_call_has_the_requested_body_and_headers(
    http: httpx.AsyncClient, call: Caller
) -> None:
    html = {"body": "<h1>Bad</h1>", "headers": {"content-type": "text/html", "Server": "edge"}}
    await add(http, api_fail={"status": 502, **html}, times=1)
    answer = await call("GET", "/streams/")
    assert (answer.status_code, answer.text) == (502, "<h1>Bad</h1>")
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["content-length"] == "12"

    await add(http, api_fail={"status": 429, "headers": {"retry-after": "Sun, 06 Nov"}}, times=1)
    answer = await call("GET", "/streams/")
    assert answer.headers.get_list("retry-after") == ["Sun, 06 Nov"]
    await add(http, api_fail={"status": 429}, times=1)
    assert (await call("GET", "/streams/")).headers["retry-after"] == "1"


async def test_api_faults_do_not_strike_requests_of_the_console(
    http: httpx.AsyncClient, call: Caller
) -> None:
    await add(http, api_fail={}, times=1)
    await add(http, limit_tighten={"what": "api"})

    for _ in range(3):
        own = await call("GET", "/auth/me", "ak_demo", headers={"X-Emulator-Console": "1"})
        assert own.status_code == 200
    assert await struck(http) == []
    assert (await call("GET", "/auth/me", "ak_demo")).status_code == 503


async def test_api_faults_each_kind_lists_its_values(http: httpx.AsyncClient) -> None:
    kinds = (await http.get("/_emulator/faults/kinds")).json()
    assert kinds["total"] == len(kinds["kinds"])

    for kind in kinds["kinds"]:
        # The default of each value, as it is shown, is valid input.
        usual = {value["name"]: value["default"] for value in kind["values"]}
        written = {name: value for name, value in usual.items() if value is not None}
        answer = await http.post("/_emulator/faults", json={kind["kind"]: written})
        assert answer.status_code == 201, answer.text
        assert kind["description"]
        for value in kind["values"]:
            choices = value["choices"]
            assert bool(choices) == (value["type"] == "choice")
            if choices:
                body = {kind["kind"]: {value["name"]: choices[-1]}}
                assert (await http.post("/_emulator/faults", json=body)).status_code == 201
            if value["type"] == "integer":
                body = {kind["kind"]: {value["name"]: value["maximum"] + 1}}
                assert (await http.post("/_emulator/faults", json=body)).status_code == 422
    types = {value["name"]: value["type"] for kind in kinds["kinds"] for value in kind["values"]}
    assert {name for name, type_ in types.items() if type_ == "json"} == {"body", "answers"}


async def test_api_faults_malformed_response_has_a_complete_length(
    http: httpx.AsyncClient, call: Caller
) -> None:
    await add(http, api_malform={"operation": "POST /streams/"}, times=1)
    broken = await call("POST", "/streams/", "ak_demo", json={"title": "Half of it"})

    assert broken.status_code == 201
    assert int(broken.headers["Content-Length"]) == len(broken.content)
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        broken.json()
    mine = await call("GET", "/streams/?status_filter=all", "ak_demo")
    assert "Half of it" in mine.text


async def test_api_faults_stale_read_returns_the_earlier_response(
    http: httpx.AsyncClient, call: Caller
) -> None:
    await add(http, api_stale={"operation": "GET /streams/"}, times=1)
    path = "/streams/?status_filter=all"
    before = await call("GET", path, "ak_demo")
    await create(call, title="Unseen")

    stale, fresh = [await call("GET", path, "ak_demo") for _ in range(2)]
    assert stale.json() == before.json()
    assert stale.headers[HEADER].endswith("api.stale")
    assert "Unseen" in fresh.text
    assert HEADER not in fresh.headers


async def test_faults_of_the_clock_and_of_streams_strike_when_they_begin(
    http: httpx.AsyncClient, call: Caller
) -> None:
    stream = await create(call)
    await call("POST", f"/streams/id/{stream['id']}/start", "ak_demo")
    before = (await http.get("/_emulator/clock")).json()["now"]
    await add(http, stream_end={"stream": stream["id"]}, times=1)
    await add(http, clock_jump={"by": "2h"}, times=1)

    assert (await call("GET", f"/streams/id/{stream['id']}")).json()["status"] == "ended"
    await wait_until_later(http, before)
    assert [subject.split()[0] for subject in await struck(http)] == ["the", "the"]


async def wait_until_later(http: httpx.AsyncClient, before: str) -> None:
    hour = timedelta(hours=1)
    async with asyncio.timeout(60):
        while True:
            now = (await http.get("/_emulator/clock")).json()["now"]
            if datetime.fromisoformat(now) - datetime.fromisoformat(before) > hour:
                return
