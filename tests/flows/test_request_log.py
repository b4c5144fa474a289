"""The request log: the parts of a request and its answer that it stores or leaves out."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from emulator.server import Emulator
from emulator.settings import Settings
from tests.support.rest import Caller, create

pytestmark = pytest.mark.parametrize("client", ["in process"], indirect=True)


async def log(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await client.get("/_emulator/requests", params=query)
    assert answer.status_code == 200, answer.text
    values: dict[str, Any] = answer.json()
    return values


async def test_request_log_lists_requests_without_a_route_and_checks_their_key(
    client: httpx.AsyncClient, call: Caller
) -> None:
    await call("GET", "/streems/", "ak_demo")
    await call("PATCH", "/streams/", "wrong")
    await call("GET", "/nothing", "ak_auto_newcomer")
    await client.get("/api/v2/streams/")
    await call("GET", "/streams/")

    unmatched = (await log(client, is_matched="false"))["requests"]
    assert [(item["status"], item["credential"], item["user"]) for item in unmatched] == [
        (404, "valid", "demo"),
        (405, "invalid", None),
        (404, "valid", None),
        (404, "none", None),
    ]
    assert unmatched[-1]["path"] == "/api/v2/streams/"
    matched = (await log(client, is_matched="true"))["requests"]
    assert [item["operation"] for item in matched] == ["/streams"]
    # A request without a route creates no account.
    assert (await call("GET", "/users/newcomer")).status_code == 404


async def test_request_log_keeps_responses_and_headers_without_secrets(
    client: httpx.AsyncClient, call: Caller
) -> None:
    stream = await create(call, "ak_demo")
    await call("GET", "/nothing", headers={"X-Mine": "1", "Cookie": "a=b", "X-API-Key": "ak_demo"})
    login = {"email": "demo@example.com", "password": "demo123456"}
    session = (await call("POST", "/auth/login", json=login)).json()

    page = await log(client)
    result, missing, _ = page["requests"]
    assert result["response_body"]["title"] == stream["title"]
    assert result["response_body"]["stream_key"] == "***"
    assert result["response_body"]["whip_url"] == stream["whip_url"].replace(
        stream["stream_key"], "***"
    )
    assert result["request_headers"]["authorization"] == "***"
    assert result["response_headers"]["x-ratelimit-limit"] == "10"
    assert result["response_bytes"] > 500
    assert missing["request_headers"]["x-mine"] == "1"
    assert missing["response_body"]["message"] == "Not Found"
    text = json.dumps(page)
    for secret in (
        *(stream["stream_key"], session["access_token"], session["refresh_token"]),
        *("ak_demo", "a=b"),
    ):
        assert secret not in text


async def test_request_log_leaves_out_requests_to_the_admin_api(
    client: httpx.AsyncClient, call: Caller
) -> None:
    await client.get("/_emulator/clock")
    await client.get("/_emulator/nothing")
    await client.get("/favicon.ico")
    for _ in range(2):
        await call("GET", "/streams/", headers={"X-Emulator-Console": "1"})
    await log(client)
    assert (await log(client))["requests"] == []
    await call("GET", "/streams/")
    assert len((await log(client))["requests"]) == 1


class TestBounds:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0, requests_kept_max=3)

    async def test_request_log_counts_dropped_requests(
        self, client: httpx.AsyncClient, call: Caller
    ) -> None:
        for number in range(5):
            await call("GET", f"/streams/?page={number + 1}")
        page = await log(client, limit=2)
        assert (page["dropped"], page["has_more"]) == (2, True)
        rest = await log(client, after=page["next_cursor"])
        pages = [item["query"]["page"] for item in page["requests"] + rest["requests"]]
        assert pages == ["3", "4", "5"]
        assert (await log(client, world="other"))["dropped"] == 0
        await client.post("/_emulator/reset")
        assert (await log(client))["dropped"] == 0


async def test_request_log_does_not_wait_for_ever_for_a_body(
    emulator: Emulator, client: httpx.AsyncClient
) -> None:
    address = urlsplit(str(emulator.ready["http"]))
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        # A client that announces a body and sends none is still answered.
        lines = ["POST /api/v1/streems HTTP/1.1", "Host: localhost", "Content-Length: 10", "", ""]
        writer.write("\r\n".join(lines).encode())
        async with asyncio.timeout(60):
            assert await reader.readuntil(b"\r\n") == b"HTTP/1.1 404 Not Found\r\n"
    finally:
        writer.close()
    [entry] = (await log(client))["requests"]
    assert (entry["status"], entry["body"]) == (404, None)
