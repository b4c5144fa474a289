"""`/_emulator/` refuses foreign pages and foreign host names: nothing is done, nothing is read."""

from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from emulator.server import Emulator
from emulator.settings import Settings
from tests.support.rest import check_error

EVIL = {"Origin": "https://evil.example"}
READ = [("GET", "outbox"), ("GET", "events"), ("GET", "info"), ("GET", ""), ("GET", "openapi.json")]
DO = [("POST", "reset"), ("POST", "worlds"), ("DELETE", "outbox"), ("OPTIONS", "worlds")]
pytestmark = pytest.mark.every_server


def allowed_origin(answer: httpx.Response) -> str | None:
    origin: str | None = answer.headers.get("access-control-allow-origin")
    return origin


async def test_admin_refuses_foreign_pages_and_names(client: httpx.AsyncClient) -> None:
    for foreign in (EVIL, {"Origin": "null"}, {"Host": "evil.example:8787"}):
        for method, path in (*READ, *DO):
            asks = {"Access-Control-Request-Method": "POST"} if method == "OPTIONS" else {}
            headers = {**foreign, **asks}
            answer = await client.request(method, f"/_emulator/{path}", headers=headers)
            check_error(answer, 403)
            assert "--allow-" in answer.json()["message"]
            assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_admin_answers_pages_of_this_machine_with_cors(client: httpx.AsyncClient) -> None:
    page = {"Origin": "http://localhost:3000"}
    answer = await client.post("/_emulator/worlds", json={"name": "a"}, headers=page)
    assert (answer.status_code, allowed_origin(answer)) == (201, page["Origin"])
    asks = {**page, "Access-Control-Request-Method": "DELETE"}
    answer = await client.options("/_emulator/worlds/a", headers=asks)
    assert (answer.status_code, allowed_origin(answer)) == (200, page["Origin"])


async def test_platform_answers_every_origin(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/streams/", "/v1/streams/"):
        answer = await client.get(path, headers={**EVIL, "Host": "api.example.com"})
        assert (answer.status_code, allowed_origin(answer)) == (200, EVIL["Origin"])


async def test_site_opens_under_every_name(client: httpx.AsyncClient) -> None:
    answer = await client.get("/_emulator/site/", headers={"Host": "tv.example:8787"})

    assert answer.status_code == 200
    assert "connect-src 'self';" in answer.headers["content-security-policy"]
    check_error(await client.get("/_emulator/info", headers={"Host": "tv.example:8787"}), 403)


async def in_chunks() -> AsyncIterator[bytes]:
    yield b'{"name": '
    yield b'"form"}'


async def test_admin_refuses_a_body_without_json_content_type(client: httpx.AsyncClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        headers = {"Content-Type": kind} if kind else {}
        for content in (b'{"name": "form"}', in_chunks()):
            answer = await client.post("/_emulator/worlds", content=content, headers=headers)
            check_error(answer, 403)
            assert "Content-Type: application/json" in answer.json()["message"]
    names = [world["name"] for world in (await client.get("/_emulator/worlds")).json()["worlds"]]
    assert names == ["default"]


async def test_admin_accepts_json_and_an_absent_body(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = await client.post("/_emulator/worlds", content=b'{"name": "a"}', headers=headers)
    assert answer.status_code == 201
    for kind in ({}, {"Content-Type": "text/plain"}):
        assert (await client.post("/_emulator/reset", headers=kind)).status_code == 200


async def test_admin_settings_allow_a_name_and_an_origin(settings: Settings) -> None:
    origin, host = "https://app.example.test", "emulator:8787"
    settings = settings.changed(allow_origin=origin, allow_host="emulator", admin_token="t0ken")
    async with (
        Emulator(settings) as emulator,
        httpx.AsyncClient(base_url=emulator.ready["http"]) as client,
    ):
        answer = await client.get("/_emulator/worlds", headers={"Origin": origin, "Host": host})
        # Then the token is required, and an allowed page can read the answer.
        assert (answer.status_code, allowed_origin(answer)) == (401, origin)
        bearer = {"Authorization": "Bearer t0ken"}
        answer = await client.get(
            "/_emulator/worlds", headers={"Origin": origin, "Host": host, **bearer}
        )
        assert answer.status_code == 200
        answer = await client.get("/_emulator/worlds", headers={**EVIL, **bearer})
        assert answer.status_code == 403


async def test_admin_refuses_foreign_sockets(emulator: Emulator) -> None:
    address = f"{emulator.ready['ws']}/_emulator/events"
    for headers in (EVIL, {"Host": "evil.example"}):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(address, additional_headers=headers):
                pass
        assert refused.value.response.status_code == 403
        assert b"--allow-" in refused.value.response.body
