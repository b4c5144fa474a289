"""Features of the dispatch beyond a JSON body and a JSON answer."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from emulator.server import Emulator
from emulator.web.api.models import Request
from emulator.web.http.answers import Download, Other
from emulator.web.http.bodies import UploadedFile
from emulator.web.http.dispatch import Dispatch, platform_steps
from emulator.web.http.endpoint import endpoint, operations_in
from emulator.web.http.middleware import CORS, METHODS, Trace
from emulator.web.http.operation import Upload
from emulator.web.http.router import Router
from tests.support.rest import check_error

FORM_BYTES_MAX = 2000


class Words(Request):
    title: str


@endpoint("GET", "/held")
def held() -> Other:
    """Answer with another status."""
    return Other(202, {"held": True})


@endpoint("GET", "/export")
def export() -> Download:
    """Answer with a file."""
    return Download("a,b\n1,2\n", "text/csv", 'the "best".csv')


class Pages(Request):
    count: int = 7


@endpoint("POST", "/pages", is_body_optional=True)
def turn_pages(body: Pages) -> dict[str, int]:
    """Answer with how many."""
    return {"count": body.count}


@endpoint("POST", "/words")
def say_words(body: Words) -> dict[str, str]:
    """Answer with them."""
    return {"title": body.title}


FORM = Upload(bytes_max=lambda _: FORM_BYTES_MAX)


@endpoint("POST", "/form", upload=FORM)
async def keep(body: Words, file: UploadedFile) -> dict[str, Any]:
    """Take a file and words, and wait."""
    return {"title": body.title, "size": len(file.file.read()), "name": file.name}


@endpoint("POST", "/either", upload=FORM)
async def keep_either(body: Words, file: UploadedFile | None) -> dict[str, Any]:
    """Take words, and a file if there is one."""
    return await keep(body, file) if file else {"title": body.title, "size": None, "name": None}


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator() as emulator:
        yield emulator


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[httpx.AsyncClient]:
    dispatch = Dispatch(
        emulator.worlds, "documented", platform_steps(Router(operations_in(__name__)))
    )
    app = Starlette(
        routes=[Route("/{path:path}", dispatch.answer, methods=METHODS)],
        middleware=[Middleware(Trace), CORS],
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(base_url="http://localhost", transport=transport) as client:
        yield client


async def test_dispatch_success_may_have_another_status(client: httpx.AsyncClient) -> None:
    answer = await client.get("/held")
    assert (answer.status_code, answer.json()) == (202, {"held": True})


async def test_dispatch_file_response_has_its_type_and_name(client: httpx.AsyncClient) -> None:
    answer = await client.get("/export")
    assert answer.text == "a,b\n1,2\n"
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert (
        answer.headers["content-disposition"] == "attachment; filename*=UTF-8''the%20%22best%22.csv"
    )


@pytest.mark.parametrize("path", ["/form", "/either"])
async def test_dispatch_form_has_its_file_and_its_fields(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.post(path, data={"title": "Both"}, files={"file": ("f.bin", b"x" * 1500)})
    assert answer.json() == {"title": "Both", "size": 1500, "name": "f.bin"}


async def test_dispatch_json_is_enough_where_the_file_is_optional(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/either", json={"title": "Words"})
    assert answer.json() == {"title": "Words", "size": None, "name": None}
    check_error(await client.post("/form", json={"title": "Words"}), 422)


async def test_dispatch_form_over_its_bound_is_refused(client: httpx.AsyncClient) -> None:
    large = {"file": ("f.bin", b"x" * (FORM_BYTES_MAX + 1))}
    check_error(await client.post("/form", data={"title": "Large"}, files=large), 413)


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"content-type": "multipart/form-data"}, b""),
        ({"content-type": "multipart/form-data; boundary=x"}, b"garbage"),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x\r\n\r\n\r\n--x--"),
        ({"content-type": "multipart/form-data; boundary=x"}, b""),
    ],
)
async def test_dispatch_broken_form_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str], content: bytes
) -> None:
    check_error(await client.post("/form", headers=headers, content=content), 422)


async def test_dispatch_form_without_a_file_or_a_field_names_it(client: httpx.AsyncClient) -> None:
    no_title = await client.post("/form", data={"x": "y"}, files={"file": ("f.bin", b"x")})
    assert check_error(no_title, 422)["detail"][0]["loc"] == ["body", "title"]
    no_file = await client.post("/form", data={"title": "x"}, files={"other": ("f.bin", b"x")})
    assert check_error(no_file, 422)["detail"][0]["loc"] == ["body", "file"]


async def test_dispatch_optional_body_may_be_empty_and_is_read_where_there_is_one(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.post("/pages")).json() == {"count": 7}
    assert (await client.post("/pages", json={"count": 3})).json() == {"count": 3}
    check_error(await client.post("/pages", json={"count": "3"}), 422)
    # Where it is not optional, an empty body lacks all required fields.
    check_error(await client.post("/words"), 422)
    check_error(await client.post("/words", json={}), 422)
    assert (await client.post("/words", json={"title": "a"})).json() == {"title": "a"}


@pytest.mark.parametrize(("ahead_ms", "has_header"), [(0, False), (300, False), (1_000, True)])
async def test_dispatch_sends_the_worlds_time_if_it_differs_from_the_date_header(
    client: httpx.AsyncClient, emulator: Emulator, ahead_ms: int, has_header: bool
) -> None:
    await emulator.platform.clock.pass_time(ahead_ms)
    assert ("x-emulator-time" in (await client.get("/held")).headers) == has_header
