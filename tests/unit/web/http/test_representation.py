"""Conditions, ranges and encodings of media (RFC 9110, 12.5.3, 13 and 14)."""

import asyncio
import gzip
from email import message_from_bytes
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from emulator.web.http.representation import (
    RANGES_MAX,
    Representation,
    open_file,
    respond,
    spans_of,
)
from tests.support.tables import table

CONTENT = bytes(range(200))
MEDIA = Representation(CONTENT, "video/mp4", "m", {"Cache-Control": "max-age=9"})
TEXT = Representation(b"#EXTM3U", "text/plain", "t", gzipped=lambda: gzip.compress(b"#EXTM3U"))


def request(method: str = "GET", **headers: str) -> Request:
    pairs = [
        (name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()
    ]
    return Request({"type": "http", "method": method, "headers": pairs})


@table(
    ("value", "spans"),
    [
        ("bytes=0-99", [(0, 100)]),
        ("bytes=100-", [(100, 200)]),
        ("bytes=-50", [(150, 200)]),
        ("bytes=-500", [(0, 200)]),
        ("bytes=0-999", [(0, 200)]),
        ("bytes=0-99, ", [(0, 100)]),
        ("BYTES = 0-0", [(0, 1)]),
        ("bytes=10-19,0-0", [(10, 20), (0, 1)]),
        ("bytes=0-0,200-", [(0, 1)]),
        # The range is beyond the end: 416.
        ("bytes=200-", []),
        ("bytes=-0", []),
        ("bytes=99999999999999999999-", []),
        ("bytes=99999999999999999998-99999999999999999999", []),
        ("bytes=0-99999999999999999999", [(0, 200)]),
        # Ranges to be ignored: the whole is sent.
        ("items=0-5", None),
        ("bytes", None),
        ("bytes=", None),
        ("bytes=,", None),
        ("bytes=abc", None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-0,5-2", None),
        ("bytes=+1-2", None),
        ("bytes=\u0661-\u0662", None),
        ("bytes=0-150,50-199", None),
        ("bytes=" + ",".join(["0-0"] * (RANGES_MAX + 1)), None),
    ],
)
def test_representation_range_asks_for_spans(
    value: str, spans: list[tuple[int, int]] | None
) -> None:
    assert spans_of(value, len(CONTENT)) == spans


def test_representation_empty_content_satisfies_no_range() -> None:
    assert spans_of("bytes=0-", 0) == []
    assert spans_of("bytes=-5", 0) == []


@table(
    ("headers", "status"),
    [
        ({"If_None_Match": '"m"'}, 304),
        ({"If_None_Match": 'W/"m"'}, 304),
        ({"If_None_Match": '"x", W/"m"'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"x"'}, 200),
        ({"If_None_Match": '"x,m"'}, 200),
        ({"If_None_Match": "m"}, 200),
        ({"If_None_Match": '"m"', "Range": "bytes=0-9"}, 304),
        ({"If_Match": '"m"'}, 200),
        ({"If_Match": "*"}, 200),
        ({"If_Match": 'W/"m"'}, 412),
        ({"If_Match": '"x"'}, 412),
        ({"Range": "bytes=0-9"}, 206),
        ({"Range": "bytes=900-"}, 416),
        ({"Range": "items=0-9"}, 200),
        ({"Range": "bytes=0-9", "If_Range": '"m"'}, 206),
        ({"Range": "bytes=0-9", "If_Range": '"x"'}, 200),
        ({"Range": "bytes=0-9", "If_Range": 'W/"m"'}, 200),
        ({"Range": "bytes=900-", "If_Range": '"x"'}, 200),
        ({"Range": "bytes=0-9", "If_Range": "Sun, 06 Nov 1994 08:49:37 GMT"}, 200),
        ({"Range": "bytes=0-9", "If_Range": "*"}, 200),
        ({"If_Modified_Since": "Sun, 06 Nov 2094 08:49:37 GMT"}, 200),
    ],
)
def test_representation_conditions_decide_the_status(headers: dict[str, str], status: int) -> None:
    answer = respond(request(**headers), MEDIA)

    assert answer.status_code == status
    assert answer.headers["ETag"] == '"m"'
    assert answer.headers["Cache-Control"] == "max-age=9"
    if status == 200:
        assert answer.body == CONTENT
    if status == 206:
        assert answer.body == CONTENT[:10]
        assert answer.headers["Content-Range"] == "bytes 0-9/200"
    if status == 416:
        assert answer.headers["Content-Range"] == "bytes */200"


def test_representation_several_ranges_come_as_multipart() -> None:
    answer = respond(request(Range="bytes=0-0,10-19,-5"), MEDIA)

    assert answer.status_code == 206
    assert "Content-Range" not in answer.headers
    head = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode()
    parts: Any = message_from_bytes(head + bytes(answer.body)).get_payload()
    assert [part["Content-Range"] for part in parts] == [
        "bytes 0-0/200",
        "bytes 10-19/200",
        "bytes 195-199/200",
    ]
    assert {part["Content-Type"] for part in parts} == {"video/mp4"}
    for span in (CONTENT[:1], CONTENT[10:20], CONTENT[195:]):
        assert b"\r\n\r\n" + span + b"\r\n" in answer.body


def test_representation_head_has_no_ranges() -> None:
    answer = respond(request("HEAD", Range="bytes=0-9"), MEDIA)

    assert (answer.status_code, answer.headers["Content-Length"]) == (200, "200")


@table(
    ("accepted", "is_gzipped"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("*", True),
        ("deflate, gzip;q=0.5", True),
        ("gzip, identity", True),
        ("identity;q=0, gzip;q=0.001", True),
        ("br, *;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip; Q=0.000", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("identity, gzip;q=0.5", False),
        ("identity;q=1, *;q=0", False),
        ("br", False),
        ("gzipped", False),
        ("gzip;q=high", False),
        ("", False),
    ],
)
def test_representation_gzip_is_sent_to_clients_that_accept_it(
    accepted: str, is_gzipped: bool
) -> None:
    answer = respond(request(Accept_Encoding=accepted), TEXT)

    assert answer.headers.get("Content-Encoding") == ("gzip" if is_gzipped else None)
    assert answer.headers["ETag"] == ('"t-gzip"' if is_gzipped else '"t"')
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert bytes(answer.body).startswith(b"\x1f\x8b" if is_gzipped else b"#EXT")


def test_representation_each_encoding_is_revalidated_by_its_own_tag() -> None:
    def status(tag: str, **more: str) -> int:
        return respond(request(If_None_Match=tag, **more), TEXT).status_code

    assert status('"t"') == status('"t-gzip"', Accept_Encoding="gzip") == 304
    assert status('"t-gzip"') == status('"t"', Accept_Encoding="gzip") == 200


async def test_representation_file_is_sent_in_ranges_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "default.mp4"
    path.write_bytes(CONTENT)

    async def send(method: str = "GET", **headers: str) -> tuple[Response, bytes]:
        file = await open_file(path)
        asked = request(method, **headers)
        answer = respond(asked, Representation(file, "video/mp4", file.etag))
        sent: list[Any] = []

        async def take(message: Any) -> None:
            sent.append(message)

        await answer(asked.scope, asyncio.Event().wait, take)  # type: ignore[arg-type]
        assert file.file.closed
        return answer, b"".join(message.get("body", b"") for message in sent)

    whole, content = await send()
    assert (content, whole.headers["Content-Length"]) == (CONTENT, "200")
    head, content = await send("HEAD")
    assert (content, head.headers["Content-Length"]) == (b"", "200")
    part, content = await send(Range="bytes=190-", If_Range=whole.headers["Last-Modified"])
    assert (part.status_code, content) == (206, CONTENT[190:])
    several, content = await send(Range="bytes=0-0,5-6")
    assert int(several.headers["Content-Length"]) == len(content)
    for name in ("If_None_Match", "If_Modified_Since"):
        tag = whole.headers["ETag" if name == "If_None_Match" else "Last-Modified"]
        assert (await send(**{name: tag}))[0].status_code == 304
    past = "Sun, 06 Nov 1994 08:49:37 GMT"
    assert (await send(If_Modified_Since=past))[0].status_code == 200
    assert (await send(If_Unmodified_Since=past))[0].status_code == 412
    assert (await send(If_Modified_Since="yesterday"))[0].status_code == 200
