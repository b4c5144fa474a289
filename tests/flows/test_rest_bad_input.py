"""Refused requests: files that are not images, too many calls, other users' things."""

import gzip
import io
import struct
import zlib

import httpx
import pytest
import segno

from emulator.server import Emulator
from tests.support.rest import Caller, check_error
from tests.support.tables import table

pytestmark = pytest.mark.parametrize("client", ["in process"], indirect=True)


def png(width: int, height: int, pixels: bytes) -> bytes:
    """A PNG (ISO 15948) of grey pixels; `pixels` may be fewer than the header says."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def bomb() -> bytes:
    """A tenth of a megabyte that expands to a hundred: 10,000 by 10,000 black pixels."""
    squeezer = zlib.compressobj(9)
    row = bytes(10_001)
    return png(10_000, 10_000, b"".join([squeezer.compress(row * 10_000), squeezer.flush()]))


def picture() -> bytes:
    bytes_io = io.BytesIO()
    segno.make("me").save(bytes_io, kind="png")
    return bytes_io.getvalue()


async def put(call: Caller, kind: str, content: bytes, name: str = "me.png") -> httpx.Response:
    files = {"file": (name, content, "image/png")}
    return await call("POST", f"/streams/me/profile/{kind}", "ak_demo", files=files)


@table(
    "content",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"\x89PNG\r\n\x1a\n",
        png(8, 8, b"broken"),
        picture()[:-40],
        b"GIF89a",
        b"\xff\xd8\xff\xda" * 200,
        b"RIFF\x00\x00\x00\x00WEBP",
        b"%PDF-1.4",
    ],
    ids=str,
)
async def test_upload_invalid_picture_is_422_at_its_field(call: Caller, content: bytes) -> None:
    body = check_error(await put(call, "avatar", content), 422)
    assert body["detail"][0]["loc"] == ["body", "file"]
    me = (await call("GET", "/streams/me/profile", "ak_demo")).json()
    assert "/images/initials/" in me["avatar_url"]


async def test_upload_picture_with_too_many_pixels_is_refused(call: Caller) -> None:
    content = bomb()
    assert len(content) < 200_000
    body = check_error(await put(call, "banner", content), 422)
    assert "25000000 pixels" in body["detail"][0]["message"]


@table(("kind", "megabytes"), [("avatar", 5), ("banner", 10)])
async def test_upload_too_large_picture_is_413(call: Caller, kind: str, megabytes: int) -> None:
    fitting = picture() + bytes(megabytes * 2**20 - len(picture()))
    assert (await put(call, kind, fitting)).status_code == 200
    check_error(await put(call, kind, fitting + b"\x00"), 413)


async def test_upload_form_without_a_file_or_with_a_wrong_type_is_422(call: Caller) -> None:
    path = "/streams/me/profile/avatar"
    check_error(await call("POST", path, "ak_demo", data={"file": "text"}), 422)
    check_error(await call("POST", path, "ak_demo", json={"file": "text"}), 422)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    check_error(await call("POST", path, "ak_demo", content=b"--y\r\n", headers=headers), 422)
    check_error(await call("POST", path), 401)


async def test_body_that_is_compressed_is_422_and_says_so(call: Caller) -> None:
    sent = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    squeezed = gzip.compress(b'{"title": "Tea"}')
    body = check_error(
        await call("POST", "/streams/", "ak_demo", content=squeezed, headers=sent), 422
    )
    assert body["detail"][0]["msg"].startswith("The body is compressed (Content-Encoding: gzip)")
    form = {"Content-Type": "multipart/form-data; boundary=x", "Content-Encoding": "br"}
    path = "/streams/me/profile/avatar"
    body = check_error(await call("POST", path, "ak_demo", content=squeezed, headers=form), 422)
    assert "Content-Encoding: br" in body["detail"][0]["msg"]
    sent["Content-Encoding"] = "identity"
    answer = await call("POST", "/streams/", "ak_demo", content=b'{"title": "Tea"}', headers=sent)
    assert answer.status_code == 201


async def test_upload_form_text_is_utf_8_for_any_content_type(
    client: httpx.AsyncClient, call: Caller
) -> None:
    form = (
        b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n\\ud800 +2AA-\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="\\ud800.mp4"\r\n\r\n'
        b"hello\r\n--x--\r\n"
    )
    for charset in ("utf-7", "unicode_escape", "punycode", "undefined", "no such one"):
        headers = {"Content-Type": f'multipart/form-data; charset="{charset}"; boundary=x'}
        answer = await call("POST", "/videos/", "ak_demo", content=form, headers=headers)
        body = check_error(answer, 422)
        assert body["detail"][0]["loc"] == ["body", "file"]
    log = (await client.get("/_emulator/requests")).json()["requests"]
    assert log[-1]["body"] == {"title": "\\ud800 +2AA-"}


async def test_upload_picture_is_served_by_its_real_type_until_replaced(
    client: httpx.AsyncClient, call: Caller
) -> None:
    first = (await put(call, "avatar", picture(), "<script>.html")).json()["avatar_url"]
    answer = await client.get(first)
    assert answer.content == picture()
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"

    second = (await put(call, "avatar", picture())).json()["avatar_url"]
    assert second != first
    assert (await client.get(first)).status_code == 404


@pytest.mark.parametrize("kind", ["streams", "sessions"])
async def test_rate_limit_lasts_a_minute_of_the_world_clock(
    client: httpx.AsyncClient, call: Caller, emulator: Emulator, kind: str
) -> None:
    path = {"streams": "/streams/", "sessions": "/video-sessions/sessions"}[kind]
    await client.put("/_emulator/clock", json={"mode": "virtual"})

    async def ask() -> httpx.Response:
        return await call("POST", path, "ak_demo", json={})

    for left in range(9, -1, -1):
        answer = await ask()
        assert answer.status_code == 422
        assert answer.headers["X-RateLimit-Remaining"] == str(left)
    check_error(await ask(), 429)
    await client.post("/_emulator/clock/advance", json={"seconds": 59})
    answer = await ask()
    check_error(answer, 429)
    assert answer.headers["Retry-After"] == "1"
    reset_ms = emulator.platform.world.now_ms + 1000
    assert answer.headers["X-RateLimit-Reset"] == str(-(-reset_ms // 1000))
    await client.post("/_emulator/clock/advance", json={"seconds": 1})
    assert (await ask()).status_code == 422


async def test_router_unknown_path_is_404_and_wrong_method_names_the_right_ones(
    call: Caller,
) -> None:
    check_error(await call("GET", "/nowhere"), 404)
    check_error(await call("GET", "/streams/id/"), 404)
    wrong = await call("PATCH", "/streams/")
    check_error(wrong, 405)
    assert wrong.headers["Allow"] == "GET, POST"


async def test_videos_draft_of_another_user_is_404(call: Caller) -> None:
    video = (await call("POST", "/videos/", "ak_demo", json={"title": "Mine"})).json()
    check_error(await call("PUT", f"/videos/{video['id']}", "ak_demo_viewer", json={}), 404)
