"""The front door: a page for browsers, and 404 for programs."""

import httpx
import pytest

from emulator.server import Emulator

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("method", "accept"),
    [
        ("GET", None),
        ("GET", "*/*"),
        ("GET", "application/json, text/plain, */*"),
        ("HEAD", "*/*"),
        ("POST", BROWSER),
        ("DELETE", BROWSER),
        ("OPTIONS", BROWSER),
        ("PROPFIND", BROWSER),
    ],
)
async def test_front_door_is_404_for_programs(
    emulator: Emulator, method: str, accept: str | None
) -> None:
    async with httpx.AsyncClient(base_url=emulator.ready["http"]) as client:
        client.headers.pop("accept")
        headers = {"accept": accept} if accept else {}

        door = await client.request(method, "/", headers=headers)
        other = await client.request(method, "/nothing-is-here", headers=headers)

        def seen(answer: httpx.Response) -> object:
            trace = answer.headers["x-trace-id"]
            kept = {name: value for name, value in answer.headers.items() if name != "date"}
            return answer.status_code, str(kept).replace(trace, ""), answer.text.replace(trace, "")

        assert door.status_code == 404
        assert seen(door) == seen(other)
        requests = (await client.get("/_emulator/requests")).json()["requests"]
        assert [request["path"] for request in requests] == ["/", "/nothing-is-here"]


async def test_front_door_is_a_page_for_browsers(emulator: Emulator) -> None:
    async with httpx.AsyncClient(base_url=emulator.ready["http"]) as client:
        await client.post("/_emulator/worlds", json={"name": "own"})
        page = await client.get("/", headers={"accept": BROWSER})
        head = await client.head("/", headers={"accept": BROWSER})
        of_world = await client.get(
            "/", headers={"accept": BROWSER, "host": f"own.localhost:{client.base_url.port}"}
        )

        assert page.status_code == head.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "Accept" in page.headers["vary"]
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        assert 'data-world="default"' in page.text
        assert 'data-world="own"' in of_world.text
        assert (await client.get("/_emulator/requests")).json()["requests"] == []
        icon = await client.get("/favicon.ico")
        assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")


async def test_front_door_draws_qr_codes(emulator: Emulator) -> None:
    async with httpx.AsyncClient(base_url=emulator.ready["admin"]) as client:
        picture = await client.get("/qr", params={"text": "http://127.0.0.1/watch"})
        assert picture.headers["content-type"] == "image/svg+xml"
        assert picture.text.startswith("<svg")
        assert (await client.get("/qr", params={"text": "x" * 501})).status_code == 422
